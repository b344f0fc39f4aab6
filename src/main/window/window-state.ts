import { z } from 'zod'

const extent = z.number().int().min(0).max(100_000)

export const windowStateSchema = z.strictObject({
  bounds: z.strictObject({ x: z.number().int(), y: z.number().int(), width: extent, height: extent }).optional(),
  maximized: z.boolean(),
})
export type WindowState = z.output<typeof windowStateSchema>

export interface Area {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const windowSizes = { width: 1280, height: 800, widthMin: 720, heightMin: 480 } as const

/** Of a window at least this much of its upper edge is on a display, or it could not be moved back. */
const graspWidth = 100
const graspHeight = 40

/** Where the window opens: as it was left, on a display that is still there; else in the middle, and never larger than a display. */
export function openingBounds(state: WindowState, workAreas: readonly Area[]): Partial<Area> & Pick<Area, 'width' | 'height'> {
  const { bounds } = state
  const standard = { width: windowSizes.width, height: windowSizes.height }
  const area = bounds === undefined ? undefined : workAreas.find((each) => holdsGrasp(each, bounds))
  if (bounds === undefined || area === undefined) return fitted(standard, workAreas[0])
  return { x: bounds.x, y: bounds.y, ...fitted(bounds, area) }
}

function fitted(size: Pick<Area, 'width' | 'height'>, area: Area | undefined): Pick<Area, 'width' | 'height'> {
  const most = area ?? { width: size.width, height: size.height }
  return {
    width: Math.min(Math.max(size.width, windowSizes.widthMin), most.width),
    height: Math.min(Math.max(size.height, windowSizes.heightMin), most.height),
  }
}

/** Whether enough of the upper edge lies within the display. */
function holdsGrasp(area: Area, { x, y, width }: Area): boolean {
  const visible = Math.min(x + width, area.x + area.width) - Math.max(x, area.x)
  return visible >= Math.min(graspWidth, width) && y >= area.y && y + graspHeight <= area.y + area.height
}
