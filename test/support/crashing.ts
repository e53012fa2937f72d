// A program that moves house is killed at a moment of the move: what its next start must find.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { placeOf } from '../../src/database/move/place.ts'
import { call } from './database.ts'
import { type HouseFolder, houseFolder, type OpenedHouse } from './house.ts'
import { mongodb, type Place } from './places.ts'

const child = fileURLToPath(new URL('../fixtures/move-child.ts', import.meta.url))

interface Killing {
  readonly from: string
  readonly to: string
  readonly at: string
  readonly rows: number
}

async function killed(folder: HouseFolder, { from, to, at, rows }: Killing): Promise<void> {
  const args = [child, folder.path, from, to, at, folder.masterKey, String(rows)]
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const [, signal] = (await once(running, 'exit')) as [number | null, string | null]
  assert.equal(signal, 'SIGKILL', `it was to die ${at}`)
}

async function assertAllThere(folder: HouseFolder, opened: OpenedHouse): Promise<void> {
  const lines = (await readFile(join(folder.path, 'answered'), 'utf8')).split('\n').slice(0, -1)
  assert.ok(lines.length > 0)
  for (const line of lines) {
    const [id = '', version] = line.split(' ')
    assert.equal((await opened.photos.get(call, id))?.version, Number(version), id)
  }
}

export function killedWhileMoving(from: Place, to: Place): void {
  describe(`kill -9 while a house moves from ${from.name} to ${to.name}`, { skip: from.skip || to.skip }, () => {
    for (const at of [
      'copying',
      'comparing',
      'switching',
      'before the switch',
      'after the switch',
      'while the old house follows',
      'going back',
    ]) {
      const isMoved = ['after the switch', 'while the old house follows', 'going back'].includes(at)
      test(at, async () => {
        const folder = await houseFolder(await mkdtemp(join(tmpdir(), 'ninefold-crash-')))
        const urls = { from: await from.make(folder), to: await to.make(folder) }
        await killed(folder, { ...urls, at, rows: to === mongodb ? 750 : 1500 })
        let opened = await folder.open(urls.from)
        try {
          assert.equal(opened.house.status().present, placeOf(isMoved ? urls.to : urls.from))
          assert.match(opened.log.join('\n'), isMoved ? /since a move/ : /a move was interrupted/)
          await assertAllThere(folder, opened)
          const done = isMoved ? await opened.house.back(() => {}) : await opened.house.move(urls.to, () => {})
          for (const { collection, source, target } of done.collections) assert.deepEqual(target, source, collection)
          await assertAllThere(folder, opened)
          const isHome = opened.house.status().present === placeOf(urls.from)
          await opened.stop()
          opened = await folder.open(isHome ? urls.from : urls.to)
          await opened.house.finish()
          await opened.stop()
          await assert.rejects(folder.open(isHome ? urls.to : urls.from), /has moved to .*Set NINEFOLD_DATABASE_URL/)
          opened = await folder.open(isHome ? urls.from : urls.to)
          await assertAllThere(folder, opened)
        } finally {
          await opened.stop()
          await folder.remove()
        }
      })
    }
  })
}
