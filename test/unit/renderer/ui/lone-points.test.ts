import { expect, test } from 'vitest'
import { lonePoints } from '../../../../src/renderer/ui/lone-points.ts'

const places = (values: readonly (number | null)[]) => [...lonePoints(values)]

test('what makes no line is drawn as points', () => {
  expect(places([])).toEqual([])
  expect(places([null, null, 0])).toEqual([2])
  expect(places([1, null, 2, 3, null, 4, 5, 6])).toEqual([0, 2, 3])
  expect(places([1, 2, 3, null])).toEqual([])
})
