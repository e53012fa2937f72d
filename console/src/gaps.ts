// Moments without a request have no time to answer. Short ones are drawn through, or a quiet platform would be all dots; long ones stay empty.
import type uPlot from 'uplot'

const SHORT_SECONDS = 5

/** Those of the gaps, in pixels of the canvas, that are long. */
export const longGaps: uPlot.Series.GapsRefiner = (chart, ...given) => {
  const [, , , gaps] = given
  const short = chart.valToPos(SHORT_SECONDS, 'x', true) - chart.valToPos(0, 'x', true)
  return gaps.filter(([from, to]) => to - from > short)
}

/** A value with a long gap on both sides is part of no line: it gets a point. */
export const lonelyPoints: uPlot.Series.Points.Filter = (chart, index) => {
  const times = Array.from(chart.data[0])
  const values = chart.data[index] ?? []
  const known = times.map((at, place) => ({ at, place })).filter(({ place }) => typeof values[place] === 'number')
  const isFar = (at: number, other: number | undefined): boolean => other === undefined || Math.abs(other - at) > SHORT_SECONDS
  return known.filter(({ at }, order) => isFar(at, known[order - 1]?.at) && isFar(at, known[order + 1]?.at)).map(({ place }) => place)
}
