// An option that a command does nothing with is refused before anything is opened, whichever command and whichever option.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseCommandLine, usage } from './command-line.ts'
import { EVERYWHERE, OPTIONS, USES, usedOptions } from './uses.ts'

const commands = Object.keys(USES)
const parse = (line: string, ...options: string[]): unknown => parseCommandLine([...line.split(' '), ...options], commands)
const typed = (option: string): string[] => {
  if (option === 'keep-seconds') return [`--${option}`, '60']
  return OPTIONS[option as keyof typeof OPTIONS].type === 'string' ? [`--${option}`, 'value'] : [`--${option}`]
}

test('every command takes the options that it uses, and says no to all others, whatever follows it', () => {
  let refused = 0
  for (const [command, used] of usedOptions) {
    for (const option of Object.keys(OPTIONS)) {
      if (EVERYWHERE.includes(option) || used.includes(option)) {
        assert.doesNotThrow(() => parse(command, ...typed(option)), `${command} --${option}`)
        continue
      }
      refused += 1
      const message = new RegExp(`^"${command}" does nothing with --${option}\\. Nothing was done\\. `)
      assert.throws(() => parse(command, ...typed(option)), { name: 'CommandError', message }, `${command} --${option}`)
      if (command.includes(' ')) assert.throws(() => parse(`${command} frames`, ...typed(option)), { message })
    }
  }
  assert.ok(usedOptions.size > 40 && refused > 1500, `${usedOptions.size} commands, ${refused} refusals`)
})

test('a refusal names every option that would go unread, and those that there are', () => {
  const message =
    /^"clients rotate-secret" does nothing with --dry-run, --name\..* Its options: --keep-seconds, --unseen, --replacing; every command has --config, /
  assert.throws(() => parse('clients rotate-secret frames --dry-run', '--keep-seconds', '0', '--name', 'F', '--dry-run'), { message })
  assert.throws(() => parse('clients remove frames', '--dry-run'), {
    message: /It has no options of its own; every command has --config, /,
  })
})

test('a command without its way is what it does then, and an option is known in whatever place it stands', () => {
  for (const command of ['clients', 'keys', 'webhooks', 'organisations', 'services'])
    assert.throws(() => parse(command, '--dry-run'), { message: new RegExp(`^"${command} list" does nothing with --dry-run`) })
  assert.throws(() => parseCommandLine(['--plan'], commands), { message: /^"start" does nothing with --plan/ })
  assert.throws(() => parse('--dry-run clients remove frames'), { message: /^"clients remove" does nothing with --dry-run/ })
  assert.throws(() => parse('clients --dry-run remove frames'), { message: /^"clients remove" does nothing with --dry-run/ })
  assert.doesNotThrow(() => parse('clients remove frames', '--dry-run', '--help'), 'who asks for help gets it')
})

test('a number of seconds that is none is refused before anything is opened: an empty one would be zero', () => {
  for (const command of ['clients rotate-secret frames', 'services renew-secret svc-1', 'services change-key svc-1']) {
    for (const wrong of ['', ' ', '-1', '1e3', '0x10', '60s', '0.5', 'Infinity']) {
      const message = `--keep-seconds takes a whole number of seconds, and not ${JSON.stringify(wrong)}. Nothing was done.`
      assert.throws(() => parse(command, `--keep-seconds=${wrong}`), { name: 'CommandError', message })
    }
    for (const right of ['0', '60']) assert.doesNotThrow(() => parse(command, '--keep-seconds', right))
  }
})

interface Entry {
  readonly options: readonly string[]
  readonly text: string
}

const optionsIn = (text: string): string[] => [...text.matchAll(/--([a-z][a-z-]*)/g)].map(([, name = '']) => name)

/** What is indented by two begins an entry, and what is indented more, or follows a comma, goes on with it. */
function entriesOf(part: string): string[] {
  return part.split(/(?<!,)\n(?= {2}\S)/).map((entry) => entry.replaceAll(/\s+/g, ' ').trim())
}

function helpParts(): { readonly paragraphs: ReadonlyMap<string, string>; readonly entries: readonly Entry[] } {
  const [, first = '', second = ''] = /\nCommands\n(.*?)\n\nOptions\n(.*?)\n\n/s.exec(usage()) ?? []
  const paragraphs = new Map<string, string>()
  for (const entry of entriesOf(`\n${first}`).filter((text) => text !== '')) {
    const [command = ''] = entry.split(' ')
    paragraphs.set(command, `${paragraphs.get(command) ?? ''} ${entry}`)
  }
  const entries = entriesOf(`\n${second}`).filter((text) => text !== '')
  return {
    paragraphs,
    entries: entries.map((text) => {
      const [head = ''] = text.split(/ with | the app definition| port to | address to | where data is | debug, | this text/)
      return { options: optionsIn(head), text }
    }),
  }
}

const ways = [...usedOptions.keys()].flatMap((name) => name.split(' ').slice(1))

function isNamedIn(text: string, command: string): boolean {
  return new RegExp(`(?:with|,|and) ${command}(?=[ ,:;])(?! (?:${ways.join('|')})\\b)`).test(text)
}

test('the help tells of every option at the commands that use it, and at no others', () => {
  const { paragraphs, entries } = helpParts()
  assert.deepEqual([...paragraphs.keys()].toSorted(), commands.filter((name) => name !== 'console-link').toSorted())
  assert.ok(entries.length > 25, `${entries.length} entries`)
  const wrong: string[] = []
  for (const [command, paragraph] of paragraphs) {
    const own = new Set([...usedOptions].filter(([name]) => name.split(' ')[0] === command).flatMap(([, used]) => used))
    for (const option of optionsIn(paragraph)) if (!own.has(option)) wrong.push(`${command} does not use --${option}`)
  }
  for (const [command, used] of usedOptions) {
    const paragraph = optionsIn(paragraphs.get(command.split(' ')[0] ?? '') ?? '')
    const named = entries.filter(({ text }) => isNamedIn(text, command)).flatMap(({ options }) => options)
    for (const option of named) if (!used.includes(option)) wrong.push(`${command} is named at --${option}`)
    for (const option of used)
      if (!paragraph.includes(option) && !named.includes(option)) wrong.push(`${command} is not named at --${option}`)
  }
  const told = new Set(entries.flatMap(({ options }) => options))
  for (const option of EVERYWHERE) if (!told.has(option)) wrong.push(`nothing is said of --${option}`)
  assert.deepEqual(wrong, [])
})
