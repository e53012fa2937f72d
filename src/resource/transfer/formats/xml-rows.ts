// Rows of XML: attributes and child elements are columns, elements of one name a list. Only the five entities that XML itself has, and character
// references, are known: nothing expands, and nothing is fetched.
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { parseJson } from '#kernel/http/body.ts'
import { z } from '#kernel/schema.ts'
import { bareRecord, bytesProblem, type Cells, MAX_DEPTH, type ParsedRow, type RowParser } from './parsed.ts'
import type { RawRow } from './record.ts'

const TEXT = '#text'
const CDATA = '#cdata'
const ATTRIBUTES = ':@'
/** `type="json"` on an element: its text is JSON. What XML cannot say by itself is exported so. */
const TYPE = 'type'

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: TEXT,
  cdataPropName: CDATA,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
})

const nodes = z.array(z.record(z.string(), z.unknown()))
type Node = z.infer<typeof nodes>[number]

export const xmlRows: RowParser = { parse: (rows) => rows.map(xmlRow) }

function xmlRow(raw: RawRow): ParsedRow {
  const problem = bytesProblem(raw)
  if (problem !== undefined) return { raw, problem }
  const text = raw.bytes.toString('utf8')
  try {
    const valid = XMLValidator.validate(text)
    if (valid !== true) return { raw, problem: `The row is not well-formed XML: ${valid.err.msg.slice(0, 200)}` }
    const [element] = nodes.parse(parser.parse(text))
    if (element === undefined) return { raw, problem: 'The row is empty' }
    return { raw, cells: columnsOf(element), empties: emptiesOf(element) }
  } catch (error) {
    return { raw, problem: error instanceof XmlProblem ? error.message : 'The row cannot be read as XML' }
  }
}

class XmlProblem extends Error {
  override readonly name = 'XmlProblem'
}

function columnsOf(element: Node): Cells {
  const columns = bareRecord()
  for (const [name, value] of Object.entries(attributesOf(element))) columns[name] = decoded(plainText(value))
  for (const child of childrenOf(element)) {
    const name = nameOf(child)
    if (name === undefined) continue
    const value = valueOf(child)
    const before = columns[name]
    if (before === undefined) columns[name] = value
    else columns[name] = before instanceof Repeated ? before.with(value) : new Repeated([before, value])
  }
  for (const [name, value] of Object.entries(columns)) if (value instanceof Repeated) columns[name] = value.values
  return columns
}

/** An element without anything in it says nothing; the empty text is written as JSON. */
function emptiesOf(element: Node): ReadonlySet<string> {
  const empty = childrenOf(element).filter((child) => attributesOf(child)[TYPE] === 'json' && valueOf(child) === '')
  return new Set(empty.flatMap((child) => nameOf(child) ?? []))
}

/** Tells elements of one name from one element that holds a list. */
class Repeated {
  readonly values: unknown[]
  constructor(values: unknown[]) {
    this.values = values
  }
  with(value: unknown): this {
    this.values.push(value)
    return this
  }
}

function valueOf(element: Node): unknown {
  const children = childrenOf(element)
  const text = children.map(textOf).join('')
  if (attributesOf(element)[TYPE] === 'json') return jsonOf(text)
  if (children.every((child) => nameOf(child) === undefined)) return text
  if (text.trim() !== '') throw new XmlProblem(`The element ${nameOf(element) ?? ''} mixes text and elements`)
  return columnsOf(element)
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(Buffer.from(text))
  } catch {
    throw new XmlProblem('An element with type="json" does not hold JSON')
  }
}

function nameOf(node: Node): string | undefined {
  return Object.keys(node).find((key) => key !== ATTRIBUTES && key !== TEXT && key !== CDATA)
}

function attributesOf(node: Node): Record<string, unknown> {
  const attributes = node[ATTRIBUTES]
  return typeof attributes === 'object' && attributes !== null ? { ...attributes } : {}
}

function childrenOf(node: Node): Node[] {
  const name = nameOf(node)
  return name === undefined ? [] : nodes.parse(node[name])
}

function plainText(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function textOf(node: Node): string {
  if (CDATA in node)
    return nodes
      .parse(node[CDATA])
      .map((part) => plainText(part[TEXT]))
      .join('')
  return TEXT in node ? decoded(plainText(node[TEXT])) : ''
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decoded(text: string): string {
  if (!text.includes('&')) return text
  return text.replaceAll(/&([^;&\s]{0,40});?/g, (whole, name: string) => {
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : characterOf(name)
    if (known === undefined || !whole.endsWith(';')) throw new XmlProblem(`The entity ${whole.slice(0, 40)} is not known here`)
    return known
  })
}

function characterOf(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-fA-F]{1,6})|(\d{1,7}))$/.exec(name)
  if (digits === null) return undefined
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16)
  const isCharacter = code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff)
  return isCharacter ? String.fromCodePoint(code) : undefined
}
