print("sparekey")
