// The colours of the accounts pages: ours, what an app changes of them, and whether everything can be read (WCAG 2.2, AA).

export interface Palette {
  readonly ground: string
  readonly sheet: string
  readonly ink: string
  readonly soft: string
  readonly line: string
  readonly fieldLine: string
  readonly accent: string
  readonly accentHover: string
  readonly accentInk: string
  readonly accentSoft: string
  readonly danger: string
  readonly dangerSoft: string
  readonly dangerLine: string
  readonly focus: string
  readonly warmSoft: string
  readonly warmLine: string
  /** The tones of the folded squares, and what is behind them. */
  readonly tones: readonly [string, string, string, string, string]
  readonly glow: string
  readonly panel: string
}

export type Scheme = 'light' | 'dark'

/** Paper, pine and a little apricot. */
export const PALETTES: Readonly<Record<Scheme, Palette>> = {
  light: {
    ground: '#f6f4ee',
    sheet: '#fffefb',
    ink: '#1e2527',
    soft: '#556063',
    line: '#ddd8cc',
    fieldLine: '#858b88',
    accent: '#1f5c4d',
    accentHover: '#17463b',
    accentInk: '#ffffff',
    accentSoft: '#e4efea',
    danger: '#9c2b25',
    dangerSoft: '#fbebe8',
    dangerLine: '#e3b4ae',
    focus: '#b8630d',
    warmSoft: '#fbf0df',
    warmLine: '#e5c796',
    tones: ['#17463b', '#1f5c4d', '#2f7a67', '#4a9581', '#7db8a6'],
    glow: '#f0b86e',
    panel: '#123a31',
  },
  dark: {
    ground: '#121618',
    sheet: '#1a2022',
    ink: '#edebe4',
    soft: '#a8b1b2',
    line: '#313a3d',
    fieldLine: '#727e81',
    accent: '#8fd0bb',
    accentHover: '#abdfcd',
    accentInk: '#0d211b',
    accentSoft: '#1c312b',
    danger: '#ffa197',
    dangerSoft: '#371f1d',
    dangerLine: '#6b3a35',
    focus: '#f0b86e',
    warmSoft: '#30281a',
    warmLine: '#5d4b2b',
    tones: ['#1b4a3f', '#235f51', '#2f7564', '#438a77', '#6aa895'],
    glow: '#e6ab5e',
    panel: '#0d1f1b',
  },
}

type Own = { readonly [Name in keyof Palette]?: Palette[Name] | undefined }

/** What an app says, in ours. Another accent takes everything with it that is made of it. */
export function paletteOf(scheme: Scheme, own: Own = {}): Palette {
  const ours = PALETTES[scheme]
  const said = Object.fromEntries(Object.entries(own).filter(([, colour]) => colour !== undefined))
  return { ...ours, ...(own.accent === undefined ? {} : derived(scheme, own.accent, own.sheet ?? ours.sheet)), ...said }
}

function derived(scheme: Scheme, accent: string, sheet: string): Partial<Palette> {
  const [black, white] = ['#000000', '#ffffff']
  const hover = mix(accent, scheme === 'light' ? black : white, 0.2)
  const inks = [white, mix(accent, black, 0.85)]
  return {
    accentHover: hover,
    accentInk: contrast(inks[0] ?? white, accent) >= contrast(inks[1] ?? black, accent) ? white : mix(accent, black, 0.85),
    accentSoft: mix(accent, sheet, 0.88),
    tones: [mix(accent, black, 0.3), mix(accent, black, 0.12), mix(accent, white, 0.1), mix(accent, white, 0.25), mix(accent, white, 0.45)],
    panel: mix(accent, black, 0.6),
  }
}

function channels(colour: string): readonly [number, number, number] {
  const at = (from: number): number => Number.parseInt(colour.slice(from, from + 2), 16)
  return [at(1), at(3), at(5)]
}

/** `share` of the second in the first. */
function mix(first: string, second: string, share: number): string {
  const other = channels(second)
  const mixed = channels(first).map((channel, index) => Math.round(channel * (1 - share) + (other[index] ?? 0) * share))
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}

function luminance(colour: string): number {
  const linear = channels(colour).map((channel) => {
    const part = channel / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0)
}

/** WCAG 2.2, "contrast ratio": 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)]
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
}

type Colour = Exclude<keyof Palette, 'tones'>

const TEXT = 4.5
const SHAPE = 3

/** What stands on what: success criteria 1.4.3 (text) and 1.4.11 (borders, focus). */
const PAIRS: readonly (readonly [Colour, Colour, number])[] = [
  ['ink', 'ground', TEXT],
  ['ink', 'sheet', TEXT],
  ['ink', 'warmSoft', TEXT],
  ['ink', 'dangerSoft', TEXT],
  ['soft', 'ground', TEXT],
  ['soft', 'sheet', TEXT],
  ['accent', 'ground', TEXT],
  ['accent', 'sheet', TEXT],
  ['accent', 'accentSoft', TEXT],
  ['accentHover', 'ground', TEXT],
  ['accentHover', 'sheet', TEXT],
  ['accentInk', 'accent', TEXT],
  ['accentInk', 'accentHover', TEXT],
  ['danger', 'ground', TEXT],
  ['danger', 'sheet', TEXT],
  ['danger', 'dangerSoft', TEXT],
  ['fieldLine', 'sheet', SHAPE],
  ['fieldLine', 'ground', SHAPE],
  ['focus', 'ground', SHAPE],
  ['focus', 'sheet', SHAPE],
]

/** What cannot be read, in words that say what to change. */
export function contrastProblems(scheme: Scheme, palette: Palette): string[] {
  return PAIRS.flatMap(([front, back, needed]) => {
    const ratio = contrast(palette[front], palette[back])
    if (ratio >= needed) return []
    const [said, on] = [`${front} (${palette[front]})`, `${back} (${palette[back]})`]
    return [`${scheme}: ${said} on ${on} has a contrast of ${ratio.toFixed(2)}, and ${needed} are needed (WCAG 2.2 AA)`]
  })
}
