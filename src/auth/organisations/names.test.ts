// Names of organisations go to strangers by mail: none is read as an address there.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { organisationNameProblems } from './service.ts'

const problemsOf = (name: string): string[] => organisationNameProblems(name).map(({ reason = '' }) => reason)

test('no name is an address, in whatever script and with whatever dot', () => {
  const linked = [
    'evil.com',
    'payp\u0430\u04cf.com',
    '\u0442\u0435\u0441\u0442.com',
    '\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444',
    'evil\u3002com',
    'evil\uff0ecom',
    'evil\uff61com',
    'evil\u2024com',
    'evil.\u200bcom',
    'evil\u00ad.com',
    '\u2764.example',
    'www.\u200bevil',
    'bob\uff20evil',
    'evil\uff0fnow',
  ]
  for (const name of linked) assert.deepEqual(problemsOf(name), ['name_link'], JSON.stringify(name))
})

test('full stops between words are none of an address', () => {
  for (const name of ['Acme Inc.', 'M. M\u00fcller & Co. KG', 'Team ...and friends', '.NET friends', '\u6771\u4eac\u3002', 'No. 5'])
    assert.deepEqual(problemsOf(name), [], JSON.stringify(name))
})
