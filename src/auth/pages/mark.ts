// The mark: nine squares of folded paper, one of them opened. Inline SVG, coloured by the style sheet.
import { type Html, trustedHtml } from '#kernel/html.ts'

type Turn = 'up' | 'down'

interface Square {
  readonly turn: Turn
  /** Tone of the upper and of the lower half, 1 (dark) to 5 (light); 9 is the open square. */
  readonly upper: number
  readonly lower: number
}

const SQUARES: readonly Square[] = [
  { turn: 'down', upper: 2, lower: 1 },
  { turn: 'up', upper: 3, lower: 2 },
  { turn: 'down', upper: 3, lower: 1 },
  { turn: 'up', upper: 1, lower: 3 },
  { turn: 'down', upper: 4, lower: 2 },
  { turn: 'up', upper: 4, lower: 3 },
  { turn: 'down', upper: 3, lower: 2 },
  { turn: 'up', upper: 5, lower: 3 },
  { turn: 'down', upper: 9, lower: 4 },
]

function triangles({ turn, upper, lower }: Square, at: { x: number; y: number; size: number }): string {
  const { x, y, size } = at
  const [left, top, right, bottom] = [x, y, x + size, y + size]
  const first = turn === 'down' ? `${left},${top} ${right},${top} ${right},${bottom}` : `${left},${top} ${right},${top} ${left},${bottom}`
  const second =
    turn === 'down' ? `${left},${top} ${left},${bottom} ${right},${bottom}` : `${right},${top} ${right},${bottom} ${left},${bottom}`
  return `<polygon class="t${upper}" points="${first}"/><polygon class="t${lower}" points="${second}"/>`
}

function grid(size: number, gap: number): string {
  const shapes = SQUARES.map((square, index) =>
    triangles(square, { x: (index % 3) * (size + gap), y: Math.floor(index / 3) * (size + gap), size }),
  )
  return shapes.join('')
}

export const mark: Html = trustedHtml(
  `<svg class="mark" viewBox="0 0 32 32" width="32" height="32" aria-hidden="true" focusable="false">${grid(10, 1)}</svg>`,
)

/** The same, as large as the panel that it fills. */
export const art: Html = trustedHtml(`<svg class="fold" viewBox="0 0 308 308" aria-hidden="true" focusable="false">${grid(100, 4)}</svg>`)

/** As a file of its own, for the tab: there the style sheet of the page does not reach. */
export function icon({ tones, glow }: { readonly tones: readonly string[]; readonly glow: string }): string {
  const colourOf = (tone: string): string => (tone === '9' ? glow : (tones[Number(tone) - 1] ?? glow))
  const shapes = grid(10, 1).replace(/class="t(\d)"/g, (_, tone: string) => `fill="${colourOf(tone)}"`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1 -1 34 34">${shapes}</svg>`
}
