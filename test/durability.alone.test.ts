// A reply means that the write is on disk. Killing the process cannot show that (the kernel keeps its pages), so the order of system calls
// shows it; and killing it shows that the file stays whole and nothing that was answered is lost. NINEFOLD_LONG=1 kills ten times as often.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('support/database-writer.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'ninefold-durability-'))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Traced {
  readonly kind: 'written' | 'synced' | 'answered'
  readonly text: string
}

/** What happened to the write-ahead log and to standard output, in the order in which the calls ended (answers: in which they began). */
function traced(output: string): Traced[] {
  const unfinished = new Map<string, string>()
  const found: Traced[] = []
  for (const line of output.split('\n')) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    if (rest.startsWith('write(1<')) found.push({ kind: 'answered', text: rest })
    if (rest.endsWith('<unfinished ...>')) unfinished.set(thread, rest)
    else {
      const ended = rest.startsWith('<...') ? (unfinished.get(thread) ?? '') + rest : rest
      if (/^pwrite64\(\d+<[^>]*-wal>/.test(ended)) found.push({ kind: 'written', text: ended })
      if (/^(fdatasync|fsync)\(\d+<[^>]*-wal>.*= 0$/.test(ended)) found.push({ kind: 'synced', text: ended })
    }
  }
  return found
}

/** For every answer: was its document written to the log, and the log synced after that, before the answer was given? */
function verdicts(calls: readonly Traced[]): boolean[] {
  return calls.flatMap(({ kind, text }, answered) => {
    const id = kind === 'answered' ? /stored ([0-9a-z]{26})/.exec(text)?.[1] : undefined
    if (id === undefined) return []
    const written = calls.findIndex((one) => one.kind === 'written' && one.text.includes(`second-${id}`))
    const synced = calls.findIndex((one, index) => one.kind === 'synced' && index > written)
    return [written >= 0 && synced >= 0 && synced < answered]
  })
}

function trace(durability: string, clients: number, writes: number): boolean[] {
  const name = `${durability}-${clients}`
  const output = join(folder, `${name}.trace`)
  const filter = ['-f', '-y', '-s', '5000', '-e', 'trace=write,pwrite64,fsync,fdatasync', '-o', output]
  const child = [process.execPath, program, join(folder, `${name}.db`), durability, `${clients}`, `${writes}`]
  const { status, stderr } = spawnSync('strace', [...filter, ...child], { encoding: 'utf8', timeout: 120_000 })
  assert.equal(status, 0, stderr)
  return verdicts(traced(readFileSync(output, 'utf8')))
}

const skip = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0 ? false : 'strace is not installed, or may not trace here'

test('the log is synced after a document is written to it and before its write is answered', { skip }, () => {
  for (const [clients, writes] of [
    [1, 40],
    [16, 160],
  ] as const) {
    const found = trace('full', clients, writes)
    assert.equal(found.length, writes)
    assert.ok(found.every(Boolean), `${found.filter((one) => !one).length} of ${writes} answers came before their sync`)
  }
})

test('the check above notices a database that does not sync', { skip }, () => {
  const found = trace('relaxed', 1, 20)
  assert.equal(found.length, 20)
  assert.ok(found.includes(false))
})

async function writeAndKill(file: string, answersWanted: number): Promise<string[]> {
  const child: ChildProcess = spawn(process.execPath, [program, file, 'full', '16', '1000000'], { stdio: ['ignore', 'pipe', 'inherit'] })
  assert.ok(child.stdout !== null)
  const answered: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    const id = /^stored ([0-9a-z]{26})$/.exec(line)?.[1]
    if (id !== undefined) answered.push(id)
    if (answered.length === answersWanted) child.kill('SIGKILL')
  })
  const [[, signal]] = await Promise.all([once(child, 'exit'), once(lines, 'close')])
  assert.equal(signal, 'SIGKILL')
  return answered
}

test('no answered write is lost and none is half done when the process is killed again and again', { timeout: 900_000 }, async () => {
  // Read here and not in the configuration: it is a switch of this test.
  const rounds = process.env['NINEFOLD_LONG'] === undefined ? 20 : 200
  const file = join(folder, 'killed.db')
  const answered: string[] = []
  for (let round = 0; round < rounds; round += 1) answered.push(...(await writeAndKill(file, 50 + (round % 7))))
  assert.ok(answered.length >= rounds * 50)

  const db = new DatabaseSync(file)
  assert.deepEqual(
    db
      .prepare('PRAGMA integrity_check')
      .all()
      .map((row) => row['integrity_check']),
    ['ok'],
  )
  const ids = (prefix: string): Set<string> =>
    new Set(
      db
        .prepare(`SELECT substr(id, ?) AS id FROM photos WHERE id LIKE ?`)
        .all(prefix.length + 2, `${prefix}-%`)
        .map((row) => String(row['id'])),
    )
  const [first, second] = [ids('first'), ids('second')]
  const events = new Set(
    db
      .prepare('SELECT key FROM ninefold_events')
      .all()
      .map((row) => String(row['key'])),
  )
  db.close()
  assert.deepEqual(
    answered.filter((id) => !first.has(id) || !second.has(id) || !events.has(id)),
    [],
  )
  assert.deepEqual(first, second)
  assert.deepEqual(first, events)
})
