// A keyboard on a page of a real browser: every stop of the Tab key is in the order of the page, can be seen, and leads on.
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

const MOST_STOPS = 120

interface Stop {
  readonly words: string
  /** Place among all elements of the page; -1 when nothing of it has the focus. */
  readonly place: number
  readonly outline: number
  /** Inside of the window. */
  readonly seen: boolean
  /** From the top of the page to the lower and the upper edge. */
  readonly bottom: number
  readonly top: number
}

// Code for the page is text: these tests are checked without the types of a browser.
const STOP = `(() => {
  const at = document.activeElement
  if (at === null || at === document.body) return { words: '', place: -1, outline: 0, seen: true, bottom: 0, top: 0 }
  const { outlineStyle, outlineWidth } = getComputedStyle(at)
  const box = at.getBoundingClientRect()
  const label = at.labels?.[0]?.textContent ?? at.getAttribute('aria-label') ?? at.textContent ?? ''
  return {
    words: label.trim().replace(/\\s+/g, ' '),
    place: [...document.querySelectorAll('*')].indexOf(at),
    outline: outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth),
    seen: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
    bottom: box.bottom + scrollY,
    top: box.top + scrollY,
  }
})()`

const CONTROLS = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((one) => one.checkVisibility() && !one.disabled)
  .map((one) => [one.tagName, one.className, one.name ?? '', one.textContent].join(' '))`

export interface Keys {
  at(): Promise<string>
  /** What is there to be reached. */
  controls(): Promise<readonly string[]>
  /** Goes on by Tab until the focus is where these words are. */
  go(words: string | RegExp): Promise<void>
  type(label: string, text: string): Promise<void>
  press(words: string | RegExp, key?: 'Enter' | 'Space'): Promise<void>
  /** Once around: each stop in the order of the page, visible, and none from which Tab does not lead on. What was there, from the top. */
  walk(): Promise<readonly string[]>
}

export function keysOn(page: Page): Keys {
  const stop = (): Promise<Stop> => page.evaluate<Stop>(STOP)
  const tab = async (): Promise<Stop> => {
    await page.keyboard.press('Tab')
    return stop()
  }
  const keys: Keys = {
    at: async () => (await stop()).words,
    controls: () => page.evaluate<string[]>(CONTROLS),
    async go(words) {
      const passed: string[] = []
      for (let count = 0; count < MOST_STOPS; count += 1) {
        const { words: here, outline, seen } = count === 0 ? await stop() : await tab()
        if (typeof words === 'string' ? here === words : words.test(here)) {
          assert.ok(outline >= 2, `the focus on ${here} can be seen`)
          assert.ok(seen, `${here} is on the screen`)
          return
        }
        passed.push(here)
      }
      assert.fail(`Tab does not lead to ${words}, but to ${passed.join(', ')}`)
    },
    async type(label, text) {
      await keys.go(label)
      await page.keyboard.type(text)
    },
    async press(words, key = 'Enter') {
      await keys.go(words)
      await page.keyboard.press(key)
    },
    async walk() {
      const stops: Stop[] = []
      let again: string | undefined
      for (let count = 0; count < MOST_STOPS; count += 1) {
        const next = await tab()
        if (next.place === -1) continue
        again = stops.find(({ place }) => place === next.place)?.words
        if (again !== undefined) break
        stops.push(next)
      }
      assert.equal(again, stops[0]?.words, 'Tab comes around to where it began, through everything')
      judge(stops)
      assert.equal(stops.length, (await keys.controls()).length, `nothing is left out of ${stops.map(({ words }) => words).join(', ')}`)
      return stops.toSorted((a, b) => a.place - b.place).map(({ words }) => words)
    },
  }
  return keys
}

function judge(stops: readonly Stop[]): void {
  const words = (wrong: (stop: Stop) => boolean): string[] => stops.filter(wrong).map((stop) => stop.words)
  assert.deepEqual(
    words(({ outline }) => outline < 2),
    [],
    'every focus can be seen',
  )
  assert.deepEqual(
    words(({ seen }) => !seen),
    [],
    'every focus is on the screen',
  )
  const places = stops.map(({ place }) => place)
  const first = places.indexOf(Math.min(...places))
  const turned = [...stops.slice(first), ...stops.slice(0, first)]
  assert.deepEqual(
    turned.map(({ place }) => place),
    places.toSorted((a, b) => a - b),
    'in the order of the page',
  )
  assert.deepEqual(
    turned.filter(({ bottom }, at) => bottom < (turned[at - 1]?.top ?? 0)).map((stop) => stop.words),
    [],
    'no stop is above the one before it',
  )
}
