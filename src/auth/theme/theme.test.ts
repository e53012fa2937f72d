import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { html } from '#kernel/html.ts'
import { type Skin, stagePage } from '../pages/layout.ts'
import { en } from '../texts/en.ts'
import { contrast, contrastProblems, PALETTES, paletteOf } from './colours.ts'
import type { PageViewV1, ThemeDefinition } from './contract.ts'
import { createLooks } from './looks.ts'
import { themeDefinition } from './schemas.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'theme-'))
})

after(() => rm(folder, { recursive: true }))

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

function skinWith(theme: ThemeDefinition, failed: Parameters<typeof createLooks>[1] = () => {}): Skin {
  const looks = createLooks(theme, failed)
  return { productName: 'Pixel <Diary>', home: 'http://app.test/', nonce: 'NONCE', texts: en, looks, language: 'en', languages: [] }
}

const page = { title: 'A page', main: html`<p>inside</p>` }

test('contrast is that of WCAG, and our own colours have enough of it', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21)
  assert.equal(contrast('#777777', '#ffffff').toFixed(2), '4.48')
  for (const scheme of ['light', 'dark'] as const) assert.deepEqual(contrastProblems(scheme, PALETTES[scheme]), [])
})

test('an accent takes with it what is made of it, and stays readable', () => {
  for (const accent of ['#0b57d0', '#7a1fa2', '#a33a00', '#00695c']) {
    const palette = paletteOf('light', { accent })
    assert.notEqual(palette.accentHover, PALETTES.light.accentHover)
    assert.deepEqual(contrastProblems('light', palette), [], accent)
  }
  assert.deepEqual(contrastProblems('dark', paletteOf('dark', { accent: '#a8c7fa' })), [])
})

test('colours that cannot be read are refused with what stands on what', () => {
  const refused = themeDefinition.safeParse({ colours: { light: { accent: '#9fd8c6' }, dark: { ink: '#333333' } } })
  assert.equal(refused.success, false)
  const messages = refused.error?.issues.map(({ message }) => message).join('\n') ?? ''
  assert.match(messages, /light: accent \(#9fd8c6\) on ground \(#f6f4ee\) has a contrast of 1\.\d+, and 4\.5 are needed/)
  assert.match(messages, /dark: ink \(#333333\) on sheet/)
  for (const wrong of [
    { colours: { light: { accent: 'green' } } },
    { colours: { lihgt: {} } },
    { logo: { file: 'logo.svg' } },
    { template: { version: 2 } },
  ])
    assert.equal(themeDefinition.safeParse(wrong).success, false, JSON.stringify(wrong))
})

test('a logo is known by its bytes, and served under the hash of them', async () => {
  const logo = await file('logo.txt', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>')
  const png = await file('dark.svg', Buffer.from('89504e470d0a1a0a0000', 'hex'))
  const skin = skinWith({ logo: { file: logo, darkFile: png, saysName: true } })
  const [svg, raster] = ['svg', 'png'].map((extension) => skin.looks.assets.find(({ path }) => path.endsWith(`.${extension}`)))
  assert.equal(svg?.type, 'image/svg+xml')
  assert.equal(raster?.type, 'image/png')
  const text = stagePage(skin, page).toString()
  assert.ok(text.includes(`srcset="${raster?.path}"`) && text.includes(`<img class="logo" src="${svg?.path}" alt="">`))
  assert.match(text, /<span class="unseen">Pixel &lt;Diary&gt;<\/span>/)
})

test('a logo that could act, is too large, or is none does not start', async () => {
  const svg = (inside: string): string => `<svg xmlns="http://www.w3.org/2000/svg">${inside}</svg>`
  const active = [
    '<script>1</script>',
    '<a href="https://evil.example/">x</a>',
    '<rect onload="x()"/>',
    '<image href="//evil.example/x.png"/>',
    '<foreignObject/>',
  ]
  for (const [index, inside] of active.entries()) {
    const path = await file(`active-${index}.svg`, svg(inside))
    assert.throws(() => createLooks({ logo: { file: path } }), /could act or load/, inside)
  }
  const webPage = await file('page.svg', '<html><svg></svg></html>')
  assert.throws(() => createLooks({ logo: { file: webPage } }), /is no SVG, PNG, JPEG or WebP/)
  const large = await file('large.svg', svg(' '.repeat(300_000)))
  assert.throws(() => createLooks({ logo: { file: large } }), /bytes; at most/)
  assert.throws(() => createLooks({ logo: { file: join(folder, 'absent.svg') } }), /cannot be read/)
})

test('the style sheet is in the colours of the theme, and that of the app comes after it', async () => {
  const styleFile = await file('own.css', 'h1 { text-transform: none; }')
  const { looks } = skinWith({ colours: { light: { accent: '#0b57d0' } }, styleFile })
  const [ours, theirs] = looks.stylePaths.map((path) => Buffer.from(looks.assets.find((one) => one.path === path)?.bytes ?? []).toString())
  assert.match(ours ?? '', /--accent: #0b57d0;/)
  assert.equal(theirs, 'h1 { text-transform: none; }')
  assert.notEqual(looks.stylePaths[0], createLooks().stylePaths[0])
})

test('a font of the app is served under the hash of its bytes, where the style sheet says; what is none does not start', async () => {
  const woff2 = await file('serif.bin', Buffer.concat([Buffer.from('wOF2'), Buffer.alloc(60, 7)]))
  const fonts = [{ family: 'Source Serif', file: woff2, weight: '200 900' }]
  const { looks } = skinWith({ fonts })
  const font = looks.assets.find(({ path }) => path.endsWith('.woff2')) ?? assert.fail('no font is served')
  assert.equal(font.type, 'font/woff2')
  const ours = Buffer.from(looks.assets.find(({ path }) => path === looks.stylePaths[0])?.bytes ?? []).toString()
  assert.ok(ours.startsWith(`@font-face { font-family: "Source Serif"; src: url("${font.path}") format("woff2"); font-weight: 200 900;`))
  assert.ok(themeDefinition.safeParse({ fonts }).success)
  for (const wrong of [{ family: 'A"; } body { }' }, { family: '' }, { weight: '400; }' }, { style: 'oblique' }, { file: 'serif.woff2' }])
    assert.equal(themeDefinition.safeParse({ fonts: [{ ...fonts[0], ...wrong }] }).success, false, JSON.stringify(wrong))
  const trueType = await file('serif.woff2', Buffer.from('00010000', 'hex'))
  assert.throws(() => createLooks({ fonts: [{ family: 'Serif', file: trueType }] }), /serif\.woff2 is no WOFF2 file/)
  const large = await file('large.woff2', Buffer.concat([Buffer.from('wOF2'), Buffer.alloc(600_000)]))
  assert.throws(() => createLooks({ fonts: [{ family: 'Serif', file: large }] }), /bytes; at most/)
})

test('a template of the app gets the parts and makes the body; head, nonce and language stay ours', () => {
  const views: PageViewV1[] = []
  const body = (view: PageViewV1) => {
    views.push(view)
    return html`<div class="mine">${view.parts.main}${view.parts.brand}</div>`
  }
  const text = stagePage(skinWith({ template: { version: 1, body } }), page).toString()
  assert.match(text, /<div class="mine"><main id="content"><p>inside<\/p><\/main>/)
  assert.match(text, /<html lang="en">[^]*nonce="NONCE"/)
  assert.doesNotMatch(text, /class="stage"/)
  const { version, layout, details, title } = views[0] ?? assert.fail('no view')
  assert.deepEqual({ version, layout, details, title }, { version: 1, layout: 'stage', details: { page: 'other' }, title: 'A page' })
})

test('a template that throws or gives no HTML leaves the built-in page, and is reported', () => {
  const failures: string[] = []
  const throwing = (): never => {
    throw new Error('no page')
  }
  const words = (() => '<p>words</p>') as unknown as () => never
  for (const body of [throwing, words]) {
    const text = stagePage(
      skinWith({ template: { version: 1, body } }, ({ error }) => void failures.push(String(error))),
      page,
    ).toString()
    assert.match(text, /class="stage"[^]*<p>inside<\/p>/)
    assert.doesNotMatch(text, /<p>words/)
  }
  assert.deepEqual(failures.length, 2)
  assert.match(failures[0] ?? '', /no page/)
})
