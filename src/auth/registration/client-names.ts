// Names of clients that nobody here knows. People read them where they decide: none is taken for that of the product, of an app of its own or of a known client.
import { nameProblem, tidyName } from '../accounts/name.ts'
import type { ClientSettings } from '../provider/client-rules.ts'

/** What is shown as nothing: one letter of it tells two names apart for us, and for nobody who reads them. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu
const LATIN = /\p{Script=Latin}/u
/** Scripts whose letters look like ours. Nobody writes them in one word with those; Japanese and Korean words have some beside their own. */
const ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}\p{Script=Lisu}]/u
const WORD = /[\p{L}\p{M}\p{N}]+/gu

/** Small letters of Cyrillic, Greek and Armenian, and what people read: whole words can be made of them. */
const READ_AS: ReadonlyMap<string, string> = new Map(
  [
    ['\u0430\u03b1', 'a'],
    ['\u0432\u03b2', 'b'],
    ['\u0441\u03f2', 'c'],
    ['\u0501', 'd'],
    ['\u0435\u03b5', 'e'],
    ['\u043d\u04bb\u03b7\u0570', 'h'],
    // As capitals and as digits each is taken for the others.
    ['i1\u0131\u0456\u04cf\u03b9', 'l'],
    ['\u0458\u03f3', 'j'],
    ['\u043a\u03ba', 'k'],
    ['\u043c\u03bc', 'm'],
    ['\u0578\u057c', 'n'],
    ['0\u043e\u03bf\u0585', 'o'],
    ['\u0440\u03c1', 'p'],
    ['\u051b\u0566', 'q'],
    ['\u0433', 'r'],
    ['\u0455', 's'],
    ['\u0442\u03c4', 't'],
    ['\u057d', 'u'],
    ['\u03bd\u0475', 'v'],
    ['\u051d\u03c9', 'w'],
    ['\u0445\u03c7', 'x'],
    ['\u0443\u03c5\u04af', 'y'],
    ['\u03b6', 'z'],
  ].flatMap(([letters = '', read = '']) => Array.from(letters, (letter) => [letter, read] as const)),
)

/** As it is to be stored, or what is wrong with it. */
export function strangersName(given: string, settings: ClientSettings): { readonly name: string } | { readonly problem: string } {
  const { productName, frontends, clients } = settings
  const ours = [productName, ...frontends.map(({ name }) => name), ...clients.map(({ name }) => name)].map(plain)
  if (ours.includes(plain(given))) return { problem: 'somebody else has this name here' }
  if (isMixed(given)) return { problem: 'has letters of another script in a word, which are read as others' }
  const problem = nameProblem(given)
  return problem === undefined ? { name: tidyName(given) } : { problem }
}

function isMixed(name: string): boolean {
  const words = name.normalize('NFKC').replace(INVISIBLE, '').match(WORD) ?? []
  return words.some((word) => LATIN.test(word) && ALIKE.test(word))
}

/** What two names that people take for one have in common. */
function plain(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    // Once more: a capital can become a letter with an accent.
    .normalize('NFKD')
    .replace(INVISIBLE, '')
    .replace(/[^\p{L}\p{N}]/gu, '')
  return Array.from(letters, (letter) => READ_AS.get(letter) ?? letter).join('')
}
