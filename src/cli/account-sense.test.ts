// A command about an account that is refused for what was typed has opened nothing, and so has done nothing.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireSense } from './account-sense.ts'
import { parseCommandLine } from './command-line.ts'

const sense = (...words: string[]): string | undefined => requireSense(parseCommandLine(['account', ...words], ['account']))

const ADA = 'ada@example.org'

for (const [words, refusal] of [
  [[], /^Give one email address/],
  [[ADA, 'bob@example.org'], /^Give one email address/],
  [[ADA, '--delete', '--now'], /^Nothing brings back/],
  [[ADA, '--delete', '--now', '--confirm'], /^Nothing brings back/],
  [[ADA, '--delete', '--now', ADA], /^Nothing brings back/],
  [[ADA, '--add-role', 'editor', '--suspend', '--delete', '--now', '--confirm', 'typo@example.org'], /differ\. Nothing was changed\.$/],
  [['Ada', '--delete', '--now', '--confirm', 'ada'], /differ/],
  [[ADA, '--delete', '--now', '--confirm', ADA, ADA], /^Give one email address/],
  [[ADA, '--delete', '--confirm', ADA], /^--confirm goes with --delete --now/],
  [[ADA, '--suspend', '--confirm'], /^--confirm goes with --delete --now/],
  [[ADA, '--now'], /^--now goes with --delete/],
  [[ADA, '--keep', '--now'], /^--now goes with --delete/],
  [[ADA, '--delete', '--keep'], /either goes or stays/],
  [[ADA, '--suspend', '--reinstate'], /either blocked or not/],
  [[ADA, '--add-role', 'editor', '--reinstate'], /roles and groups and --reinstate in commands of their own/],
  [[ADA, '--new-address', 'new@example.org', '--delete'], /either given back or deleted/],
  [[ADA, '--new-address', 'new@example.org', '--add-group', 'team'], /^Give roles and groups and --new-address in commands of their own/],
  [[ADA, '--new-address', 'new@example.org', '--keep'], /^Give --new-address and --keep in/],
  [[ADA, '--remove-role', 'editor', '--keep'], /^Give roles and groups and --keep in/],
  [['--list', 'ada@', 'bob@'], /^Give the beginning of one address/],
] as const)
  test(`account ${words.join(' ')}: is refused`, () => {
    assert.throws(() => sense(...words), { name: 'CommandError', message: refusal })
  })

for (const act of [
  ['--add-role', 'editor'],
  ['--remove-role', 'editor'],
  ['--add-group', 'team'],
  ['--remove-group', 'team'],
  ['--suspend'],
  ['--reinstate'],
  ['--sign-out'],
  ['--delete'],
  ['--delete', '--now'],
  ['--keep'],
  ['--view'],
  ['--reset-second-step'],
  ['--send-passkey-link'],
  ['--new-address', 'new@example.org'],
  ['--now'],
  ['--confirm'],
])
  test(`account --list ${act.join(' ')}: is refused, and not passed over`, () => {
    for (const words of [
      ['--list', 'ada@', ...act],
      ['--list', ...act],
    ])
      assert.throws(() => sense(...words), { name: 'CommandError', message: /^--list prints accounts and does nothing to them/ })
  })

test('what makes sense is let by', () => {
  assert.equal(sense('--list'), undefined)
  assert.equal(sense('--list', 'ada@'), undefined)
  for (const words of [
    [ADA],
    [ADA, '--add-role', 'editor', '--remove-group', 'team', '--suspend', '--sign-out', '--view'],
    [ADA, '--suspend', '--new-address', 'new@example.org'],
    [ADA, '--reinstate', '--keep'],
    [ADA, '--suspend', '--delete'],
    [ADA, '--delete', '--now', '--confirm', ' Ada@Example.ORG'],
  ])
    assert.equal(sense(...words), ADA, words.join(' '))
})
