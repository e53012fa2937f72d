// What a theme may be. Colours are checked together with ours: what nobody could read does not start.
import { isAbsolute } from 'node:path'
import { type Schema, z } from '#kernel/schema.ts'
import { contrastProblems, paletteOf } from './colours.ts'
import type { ThemeColours, ThemeDefinition, ThemeFont, ThemeLogo } from './contract.ts'

const colour = z
  .string()
  .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as "#1f5c4d"')
  .exactOptional()
const file = z.string().refine(isAbsolute, 'must be an absolute path')

const colours = z.strictObject({
  ground: colour,
  sheet: colour,
  ink: colour,
  soft: colour,
  line: colour,
  fieldLine: colour,
  accent: colour,
  accentHover: colour,
  accentInk: colour,
  accentSoft: colour,
  danger: colour,
  dangerSoft: colour,
  focus: colour,
  warmSoft: colour,
} satisfies Record<keyof ThemeColours, unknown>)

const schemes = z.strictObject({ light: colours.exactOptional(), dark: colours.exactOptional() }).superRefine((own, context) => {
  for (const scheme of ['light', 'dark'] as const) {
    for (const message of contrastProblems(scheme, paletteOf(scheme, own[scheme]))) context.addIssue({ code: 'custom', message })
  }
})

const logo = z.strictObject({
  file,
  darkFile: file.exactOptional(),
  saysName: z.boolean().exactOptional(),
} satisfies Record<keyof ThemeLogo, unknown>)

const font = z.strictObject({
  family: z.string().regex(/^[a-z0-9][a-z0-9 _-]{0,63}$/i, 'must be a name of letters, digits, spaces and hyphens, such as "Source Serif"'),
  file,
  weight: z
    .string()
    .regex(/^[1-9]\d{0,2}(?: [1-9]\d{0,2})?$/, 'must be one such as "700", or two such as "100 900"')
    .exactOptional(),
  style: z.enum(['normal', 'italic']).exactOptional(),
} satisfies Record<keyof ThemeFont, unknown>)

export const themeDefinition: Schema = z.strictObject({
  colours: schemes.optional(),
  logo: logo.optional(),
  fonts: z.array(font).max(8).optional(),
  styleFile: file.optional(),
  template: z
    .strictObject({ version: z.literal(1, 'must be 1'), body: z.custom((value) => typeof value === 'function', 'must be a function') })
    .optional(),
} satisfies Record<keyof ThemeDefinition, unknown>)
