// Passwords that everybody tries first. Written down by hand from the yearly public rankings of leaked passwords (the kind that SplashData, NordPass
// and the UK's NCSC publish); only those of eight characters or more, since shorter ones are refused anyway. A larger offline list can replace it.
const LIST = `
12345678 123456789 1234567890 12345678910 0123456789 123123123 987654321 9876543210 87654321 11111111 111111111 1111111111 00000000 000000000
0000000000 22222222 55555555 66666666 77777777 88888888 888888888 99999999 999999999 12341234 12121212 10203040 11223344 112233445566 1122334455
123321123 123456123 1234512345 12344321 123454321 147258369 147852369 159753456 741852963 789456123 963852741 123qweasd 123456qwerty 12345qwert
1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 zaq12wsx zaq1zaq1 q1w2e3r4 q1w2e3r4t5 qwer1234 qwert123 qwert12345 qwerty12 qwerty123
qwerty1234 qwerty12345 qwerty123456 qwerty1! qwertyui qwertyuiop qwertyuiop123 asdfghjk asdfghjkl asdf1234 asdfasdf asdfqwer zxcvbnm1 zxcvbnm123
password password1 password12 password123 password1234 password12345 password123456 password! password1! password123! passw0rd passw0rd1 p@ssword
p@ssw0rd p@ssw0rd1 p@ssw0rd123 pa$$word pa$$w0rd passport passwort passwort1 passwort123 password01 password2 password3 password11 password99
mypassword newpassword yourpassword thepassword nopassword letmein1 letmein123 letmein! letmeinnow welcome1 welcome12 welcome123 welcome1234 welcome!
welcome1! changeme changeme1 changeme123 changeit trustno1 whatever iloveyou iloveyou1 iloveyou2 iloveyou123 ihateyou iloveyou! loveyou1 lovelove
sunshine sunshine1 princess princess1 princess123 football football1 football123 baseball baseball1 basketball superman superman1 batman123 spiderman
starwars starwars1 pokemon1 pokemon123 minecraft minecraft1 liverpool liverpool1 chelsea1 arsenal1 barcelona juventus jennifer jennifer1 michelle
michael1 jordan23 jessica1 charlie1 charlie123 ashley123 daniel123 nicole123 matthew1 samantha elizabeth alexander alexandra danielle victoria
christian anthony1 patricia benjamin computer computer1 internet internet1 samsung1 samsung123 google123 facebook facebook1 linkedin dropbox1 twitter1
admin123 admin1234 admin12345 admin123456 administrator administrator1 adminadmin rootroot root1234 root12345 toor1234 test1234 test12345 testtest
testing1 testing123 tester123 temp1234 guest123 guest1234 user1234 user12345 demo1234 default1 default123 login123 master123 secret123 secret1234
supersecret topsecret security security1 access14 access123 abcd1234 abcdefgh abcdefghi abcdefg1 abc12345 abc123456 abcabcabc a1234567 a12345678
a123456789 aa123456 aa12345678 aaaaaaaa aaaaaaaaaa a1b2c3d4 a1s2d3f4 xxxxxxxx zzzzzzzz qqqqqqqq qazwsxedc qazwsx123 dragon123 monkey123 shadow123
master12 hello123 hello1234 helloworld hellohello hunter22 freedom1 freedom123 november december september february january1 summer2020 summer2021
summer2022 summer2023 summer2024 summer2025 summer2026 winter2020 winter2021 winter2022 winter2023 winter2024 winter2025 winter2026 spring2024
spring2025 spring2026 autumn2024 autumn2025 autumn2026 corvette mercedes ferrari1 porsche1 mustang1 maverick midnight butterfly blink182 metallica
slipknot nirvana1 rammstein eminem123 babygirl babygirl1 brooklyn beautiful cocacola chocolate cookie123 creative diamond1 einstein explorer fernando
fuckyou1 fuckyou123 fuckyou2 asshole1 godzilla gangster harrypotter jonathan killer123 lovers123 marlboro mountain nintendo nothing1 number1! panther1
pakistan india123 brasil123 mexico123 america1 england1 germany1 deutschland france123 andrea123 carolina scorpion scooter1 snoopy123 softball sparky123
steelers patriots cowboys1 yankees1 lakers24 swimming swordfish thunder1 tiger123 tigger123 vampire1 warcraft william1 wolverine zxcvbnm, zxcv1234
correcthorsebatterystaple
`

const words: ReadonlySet<string> = new Set(LIST.split(/\s+/).filter((word) => word.length > 0))

export function isCommonPassword(password: string): boolean {
  return words.has(password.toLowerCase())
}
