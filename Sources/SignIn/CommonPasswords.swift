/// Words that common passwords are made of: those of the first places of every published list of leaked passwords that are
/// words, in English and German, with what people here would add.
///
/// Put together by hand for this project, under its licence. Passwords of twelve characters and more that are on such lists
/// are these words again, twice or with digits behind them, so that words say more than the lists' lines.
enum CommonPasswords {
    /// In lower case, the longer before those that they begin with.
    static let words: [String] = """
        administrator password passwort kennwort passwd football baseball basketball superman batman starwars princess
        sunshine iloveyou trustno1 letmein welcome willkommen hallo hello master monkey dragon shadow michael jordan
        charlie jennifer michelle jessica daniel thomas andreas stefan martin sabine nicole changeme geheim secret
        computer internet whatever freedom summer sommer winter spring autumn herbst fruehling frühling january februar
        january february march april august september october november december monday montag friday freitag
        qwertzuiop qwertyuiop qwertz qwerty asdfghjkl asdfgh azerty abcdef abcabc zaq12wsx 1q2w3e4r5t 1q2w3e4r 1qaz2wsx
        schatz liebe ichliebedich fussball fußball bayern borussia berlin hamburg muenchen münchen deutschland germany
        correct horse battery staple server windows microsoft laptop company firma helpdesk support service support
        test demo guest gast user root admin login access system default temp pass love money angel killer pokemon
        """.split { $0 == " " || $0 == "\n" }.map(String.init).sorted { $0.count > $1.count }
}
