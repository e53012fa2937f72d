// Types end to end: a small app, a page that uses it, and the compiler. Renaming a field of the definition must fail in the page, at the right place.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const tsc = join(root, 'node_modules', '.bin', 'tsc')

const config = `import { defineApp, resource, resourceRoute, z } from 'ninefold'

const scopes = { read: 'p:read', write: 'p:write' }
const albums = resource('albums', {
  schema: z.strictObject({ title: z.string(), coverId: z.string().optional() }),
  indexes: { byOwner: { fields: ['ownerId', 'createdAt'] } },
  relations: { cover: { field: 'coverId', to: 'photos' } },
  access: [{ who: 'owner', may: ['list', 'get'] }],
  scopes,
})
const photos = resource('photos', {
  schema: z.strictObject({
    caption: z.string(),
    image: z.string(),
    visibility: z.enum(['private', 'public']),
    stars: z.int().default(0),
    likes: z.int().optional(),
    place: z.strictObject({ city: z.string(), street: z.string().optional() }).optional(),
    albumId: z.string().optional(),
    slug: z.string(),
  }),
  readOnly: ['likes'],
  defaults: { slug: ({ now }) => String(now) },
  computed: { words: { schema: z.int(), of: (photo) => photo.caption.split(' ').length } },
  files: { image: 'photos' },
  relations: { album: { field: 'albumId', to: 'albums', onDelete: 'clear' } },
  indexes: { byOwner: { fields: ['ownerId', 'visibility', 'createdAt'] }, byAlbum: { fields: ['albumId'] } },
  access: [{ who: 'owner', may: ['list', 'get', 'create', 'update', 'delete'] }],
  hooks: { beforeCreate: (_context, photo) => ({ set: { likes: photo.caption.length } }) },
  routes: [
    resourceRoute({
      method: 'GET',
      path: '/api/photos/today',
      summary: 'x',
      allow: { who: 'anyone' },
      answers: { 200: z.string() },
      handle: async () => ({ status: 200, json: 'x' }),
    }),
  ],
  scopes,
})

export default defineApp(() => ({
  name: 'Pictures',
  scopes: { 'p:read': 'read', 'p:write': 'write' },
  resources: [photos, albums],
  frontends: [],
}))
`

const page = `import { createClient, type Stored } from 'ninefold/client'
import type app from './ninefold.config.ts'

const client = createClient<typeof app>()
const { photos, albums } = client.resources

export async function show(): Promise<string> {
  const { items, count } = await photos.list({
    where: { visibility: 'public', ownerId: 'x' },
    sort: '-createdAt',
    count: true,
    expand: ['album.cover'],
  })
  const [first] = items
  if (first === undefined) return String(count?.value)
  const made = await photos.create({ caption: 'x', image: first.image, visibility: 'private' }, { key: 'k' })
  const changed = await photos.update(made, { caption: 'y', albumId: null, place: { street: null } })
  await photos.bulk([{ create: { caption: 'a', image: 'b', visibility: 'public' } }, { update: changed, change: { stars: 3 } }, { delete: 'x' }], { atomic: true })
  const title: string | undefined = first.album?.title
  const cover: string | undefined = first.album?.cover?.imageUrl
  const few = await photos.list({ fields: ['caption', 'words'] })
  const some: number | undefined = few.items[0]?.words
  const both: readonly [number, number, string | undefined] = [made.words, made.stars, made.imageUrl]
  const kept: Stored<{ readonly title: string }> = await albums.get('x')
  return [title, cover, some, ...both, kept.title].join()
}
`

let folder = ''
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ninefold-types-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** Each error as \`file(line): message\`. */
async function compile(name: string, files: Readonly<Record<string, string>>): Promise<string[]> {
  const place = join(folder, name)
  await mkdir(place, { recursive: true })
  const paths = { ninefold: [join(root, 'src/index.ts')], 'ninefold/client': [join(root, 'client/index.ts')] }
  const compilerOptions = {
    incremental: false,
    tsBuildInfoFile: null,
    paths,
    typeRoots: [join(root, 'node_modules/@types')],
    types: ['node'],
  }
  const project = { extends: join(root, 'tsconfig.web.json'), compilerOptions, include: ['*.ts'], exclude: [] }
  await writeFile(join(place, 'tsconfig.json'), JSON.stringify(project))
  for (const [file, text] of Object.entries(files)) await writeFile(join(place, file), text)
  const output = await new Promise<string>((done) => {
    execFile(process.execPath, [tsc, '--project', join(place, 'tsconfig.json'), '--pretty', 'false'], { cwd: place }, (_error, stdout) =>
      done(stdout),
    )
  })
  const lines = output.split('\n').filter((line) => /^(?:\S+\(\d+,\d+\): )?error TS/.test(line))
  // Errors of the platform's own sources are for the check of the platform.
  return lines.filter((line) => !line.startsWith('..')).map((line) => line.replace(/,\d+\): error TS\d+/, ')'))
}

const lineOf = (text: string, words: string): number => text.split('\n').findIndex((line) => line.includes(words)) + 1

test('a page compiles with the names and types of its app', { timeout: 120_000 }, async () => {
  assert.deepEqual(await compile('good', { 'ninefold.config.ts': config, 'page.ts': page }), [])
})

test('renaming a field fails where the page uses it, and nowhere else', { timeout: 120_000 }, async () => {
  const renamed = config.replaceAll('caption', 'legend')
  const errors = await compile('renamed', { 'ninefold.config.ts': renamed, 'page.ts': page })
  const places = new Set(errors.map((error) => error.slice(0, error.indexOf(':'))))
  const expected = ["caption: 'x'", "caption: 'y'", "caption: 'a'", "fields: ['caption'"].map((words) => `page.ts(${lineOf(page, words)})`)
  assert.deepEqual([...places].toSorted(), expected.toSorted(), errors.join('\n'))
  assert.match(errors[0] ?? '', /caption/)
})

test('everything that the definition does not say is refused', { timeout: 120_000 }, async () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['a resource', 'client.resources.pictures'],
    ['a filter that is not indexed', "photos.list({ where: { caption: 'x' } })"],
    ['a filter of another type', "photos.list({ where: { visibility: 'secret' } })"],
    ['a sort that is not indexed', "photos.list({ sort: 'caption' })"],
    ['a relation', "photos.list({ expand: ['owner'] })"],
    ['a relation of a relation', "photos.list({ expand: ['album.owner'] })"],
    ['a read-only field', "photos.create({ caption: 'x', image: 'y', visibility: 'public', likes: 3 })"],
    ['a computed field', "photos.update('x', { words: 3 })"],
    ['a missing field', "photos.create({ caption: 'x' })"],
    ['null for what is required', "photos.update('x', { caption: null })"],
    ['a file link', "photos.update('x', { imageUrl: 'y' })"],
    ['a field that was not asked for', "photos.get('x', { fields: ['caption'] }).then((photo) => photo.image)"],
    ['a field that is not there', "photos.list({ fields: ['legend'] })"],
    ['an object that was not expanded', "photos.get('x').then((photo) => photo.album)"],
  ]
  const lines = wrong.map(([, code]) => `void ${code}`)
  const source = `import { createClient } from 'ninefold/client'\nimport type app from './ninefold.config.ts'\nconst client = createClient<typeof app>()\nconst { photos } = client.resources\n${lines.join('\n')}\n`
  const errors = await compile('wrong', { 'ninefold.config.ts': config, 'page.ts': source })
  const places = new Set(errors.map((error) => error.slice(0, error.indexOf(':'))))
  for (const [index, [what]] of wrong.entries()) assert.ok(places.has(`page.ts(${index + 5})`), `${what} passes: ${errors.join('\n')}`)
})

test('a wrong name in the definition fails in the definition', { timeout: 120_000 }, async () => {
  const slips: readonly (readonly [string, string])[] = [
    ["readOnly: ['likes']", "readOnly: ['like']"],
    ["files: { image: 'photos' }", "files: { picture: 'photos' }"],
    ["field: 'albumId', to: 'albums'", "field: 'stars', to: 'albums'"],
    ["fields: ['albumId']", "fields: ['place']"],
    ['photo.caption.split', 'photo.captions.split'],
    ['set: { likes: photo.caption.length }', "set: { likes: 'many' }"],
    ['defaults: { slug: ({ now }) => String(now) }', 'defaults: { slug: ({ now }) => now }'],
  ]
  for (const [index, [right, wrong]] of slips.entries()) {
    const errors = await compile(`slip-${index}`, { 'ninefold.config.ts': config.replace(right, wrong), 'page.ts': 'export {}\n' })
    assert.ok(
      errors.length > 0 && errors.every((error) => error.startsWith('ninefold.config.ts(')),
      `${wrong}: ${errors.join('\n') || 'passes'}`,
    )
  }
})
