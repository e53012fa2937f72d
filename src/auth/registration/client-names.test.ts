// Names that strangers choose: none that people take for one that is known here.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientSettings } from '../provider/client-rules.ts'
import { strangersName } from './client-names.ts'

const settings = {
  productName: 'Pixel Diary',
  frontends: [{ name: 'Oak' }],
  clients: [{ name: 'Print Shop' }],
} as unknown as ClientSettings
const problemOf = (name: string): string => {
  const checked = strangersName(name, settings)
  return 'problem' in checked ? checked.problem : ''
}

test('requirement 20: a name that only looks different from ours is refused', () => {
  const alike = [
    'pixel diary',
    'Pixel-Diary',
    'Pixel Diary\u3164',
    'Pixel\u200bDiary',
    'Pixel Diary\u2800',
    'P\u00edx\u0113l Diary',
    'PixeI Diary',
    'Pixe1 Diary',
    'P\u0456xel Diary',
    'P\u0456x\u0435l Diary',
    '\u041e\u0430\u043a',
    '\u039f\u03b1\u03ba',
    '\uff2f\uff41\uff4b',
    'Pr\u0456nt Sh\u043ep',
  ]
  for (const name of alike) assert.equal(problemOf(name), 'somebody else has this name here', JSON.stringify(name))
})

test('letters of another script in a word are refused whoever has the name, and other scripts and languages are not', () => {
  for (const name of ['G\u043e\u043egle', 'Not\u03b5s', 'Note\u0455 for you', 'p\u0430ypal', 'N\u043e\u200btes'])
    assert.match(problemOf(name), /letters of another script/, JSON.stringify(name))
  const good = [
    'Notes',
    'Ma\u00f1ana f\u00fcr \u0141\u00f3d\u017a',
    '\u0417\u0430\u043c\u0435\u0442\u043a\u0438 Pro',
    '\u03a3\u03b7\u03bc\u03b5\u03b9\u03ce\u03c3\u03b5\u03b9\u03c2',
    'LINE\u30e1\u30e2',
    '\u6771\u4eacTokyo',
    'K\uba54\ubaa8',
    'Notes 2',
  ]
  for (const name of good) assert.equal(problemOf(name), '', JSON.stringify(name))
})
