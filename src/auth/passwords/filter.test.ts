import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256 } from '#kernel/keyring.ts'
import { buildFilter, type FilterBuilder, openFilter, sha1Of } from './filter.ts'
import { createKnownPasswords } from './known.ts'
import { passwordProblem } from './policy.ts'

async function written(path: string, builder: FilterBuilder): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await builder.writeTo(file)
  } finally {
    await file.close()
  }
}

test('a filter knows all that is in it, hardly anything else, and refuses a file that is cut off', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-filter-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const builder = buildFilter(5000)
  for (let index = 0; index < 5000; index += 1) builder.add(sha1Of(`breached number ${index}`))
  const path = join(folder, 'passwords.filter')
  await written(path, builder)
  const filter = openFilter(path)
  for (let index = 0; index < 5000; index += 1) assert.ok(filter.has(`breached number ${index}`))
  let wrong = 0
  for (let index = 0; index < 50_000; index += 1) if (filter.has(`another number ${index}`)) wrong += 1
  assert.ok(wrong < 50, `${wrong} of 50,000 were taken for known ones`)
  filter.close()
  truncateSync(path, builder.bytes - 1)
  assert.throws(() => openFilter(path), /not a password filter/)
  rmSync(path)
  assert.throws(() => openFilter(path), /passwords\.filter cannot be read\. A password filter is made with/)
})

test('a filter of 900 million passwords, which is more than two GiB, is written and asked', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ninefold-filter-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const builder = buildFilter(900_000_000)
  assert.ok(builder.bytes > 2 ** 31)
  // Some of them are beyond the two GiB: a fifth of the filter is.
  const passwords = Array.from({ length: 40 }, (_, index) => `breached number ${index}`)
  for (const password of passwords) builder.add(sha1Of(password))
  const path = join(folder, 'passwords.filter')
  await written(path, builder)
  const { size, blocks } = statSync(path)
  assert.equal(size, builder.bytes)
  if (process.platform === 'linux')
    assert.ok(blocks * 512 < 2 ** 28, 'what is empty takes no place, so that this test does not fill a disk')
  const filter = openFilter(path)
  t.after(() => filter.close())
  for (const password of passwords) assert.ok(filter.has(password), password)
  for (const password of passwords) assert.equal(filter.has(`another ${password}`), false)
})

test('requirement 69: known passwords are refused offline, whatever their case; 8 to 256 characters of any kind are taken as typed', (t) => {
  const known = createKnownPasswords(undefined)
  known.open()
  t.after(() => known.close())
  const problem = (password: string): string | undefined => passwordProblem(password, 'ada@example.org', known.isKnown)
  for (const password of ['password', 'Password1', 'ILOVEYOU', 'footballs', 'charlotte', 'basketball', 'correcthorsebatterystaple'])
    assert.equal(problem(password), 'password_common', password)
  for (const password of [
    'nine folded squares',
    '        ',
    'onlylowercaseletterz',
    '\u{1f986}'.repeat(8),
    'x'.repeat(256),
    ' padded on both sides ',
  ])
    assert.equal(problem(password), undefined, password)
  const refused = Array.from({ length: 100_000 }, (_, index) => sha256(`good password ${index}`)).filter(known.isKnown)
  assert.ok(refused.length < 3, `${refused.length} of 100,000 good passwords were taken for known ones`)
  assert.equal(problem('seven77'), 'password_short')
  assert.equal(problem('x'.repeat(257)), 'password_long')
})
