// The master key is lost while a database follows after a move: its address is sealed with it. The move ends where the data is.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { putSign } from '../../src/database/move/sign.ts'
import { call } from '../support/database.ts'
import { type HouseFolder, houseFolder } from '../support/house.ts'

let folder: HouseFolder
/** With another master key. */
let later: HouseFolder

before(async () => {
  folder = await houseFolder()
  later = await houseFolder(folder.path)
})
after(() => folder.remove())

test('a move that cannot be followed any more is ended where the data is, and nowhere else', async () => {
  const [old, present] = [folder.sqlite('old'), folder.sqlite('present')]
  const opened = await folder.open(old)
  await opened.books.insert(call, { id: 'moved', title: 'A book of keys', ownerId: 'ada', pages: 1 })
  await opened.house.move(present, () => {})
  // As if it had been broken off between the switch and this.
  await putSign(opened.house.present().engine, { says: 'arriving', other: 'old', at: 1 })
  await opened.stop()
  assert.equal((await folder.create(old)).house.overlookLostMove(), undefined, 'the key is not lost')

  await assert.rejects(later.open(present), /house\.json was written under another master key.*"ninefold keys begin-anew"/)
  const astray = await later.create(old)
  assert.throws(() => astray.house.overlookLostMove(), /The data is in sqlite:.*present\.db since a move/)

  const { house, server } = await later.create(present)
  const endMove = house.overlookLostMove() ?? assert.fail('there is a move')
  await server.start()
  await endMove()
  await server.stop()
  const again = await later.open(present)
  assert.equal((await again.books.get(call, 'moved'))?.value.pages, 1)
  assert.equal(again.house.status().follower, undefined)
  await again.stop()
  await assert.rejects(later.open(old), /has moved to sqlite:.*present\.db/)
})
