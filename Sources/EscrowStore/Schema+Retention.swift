extension Schema {
    /// When the keys of a device that is out of use are to be destroyed.
    static let retention = """
        ALTER TABLE device ADD COLUMN keys_purge_after INTEGER;
        -- The sweep that ends their retention.
        CREATE INDEX device_keys_purge_after ON device (keys_purge_after) WHERE keys_purge_after IS NOT NULL;
        """
}
