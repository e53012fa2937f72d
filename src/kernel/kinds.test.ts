// What a schema says about its fields, as far as an index or a column needs to know.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scalarFields, scalarKind } from './kinds.ts'
import { z } from './schema.ts'

test('a field has a kind when its schema says exactly one, absent or null beside it or not', () => {
  const schema = z.object({
    text: z.string(),
    email: z.email(),
    optional: z.number().optional(),
    nullable: z.boolean().nullable(),
    nullish: z.int().nullish(),
    choice: z.enum(['a', 'b']),
    literal: z.literal(7),
    nullLiteral: z.literal(['x', null]),
    same: z.union([z.literal('x'), z.string().max(3)]),
    filled: z.string().default('x'),
    branded: z.string().brand<'Id'>(),
    mixed: z.union([z.string(), z.number()]),
    maybeList: z.union([z.string(), z.array(z.string())]),
    mixedLiteral: z.literal(['x', 1]),
    list: z.array(z.string()),
    object: z.object({ a: z.string() }),
    anything: z.unknown(),
    nothing: z.null(),
    date: z.date(),
    changed: z.string().transform(Number),
  })
  assert.deepEqual(Object.fromEntries(scalarFields(schema)), {
    text: 'string',
    email: 'string',
    optional: 'number',
    nullable: 'boolean',
    nullish: 'number',
    choice: 'string',
    literal: 'number',
    nullLiteral: 'string',
    same: 'string',
    filled: 'string',
    branded: 'string',
  })
})

test('in a union every branch that has the field must agree', () => {
  const schema = z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('a'), both: z.string(), only: z.number(), differs: z.string(), sometimes: z.string() }),
    z.object({ kind: z.literal('b'), both: z.string().optional(), differs: z.number(), sometimes: z.array(z.string()) }),
  ])
  assert.deepEqual(Object.fromEntries(scalarFields(schema)), { kind: 'string', both: 'string', only: 'number' })
})

test('what is no schema of a scalar has no kind', () => {
  for (const schema of [
    undefined,
    null,
    {},
    [],
    'string',
    { type: 'object' },
    { type: ['string', 'number'] },
    { anyOf: [] },
    { enum: [] },
  ]) {
    assert.equal(scalarKind(schema), undefined)
  }
  assert.equal(scalarKind({ type: ['string', 'null'] }), 'string')
})
