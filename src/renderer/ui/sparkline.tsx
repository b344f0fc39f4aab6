import type { ReactElement } from 'react'

interface SparklineProps {
  readonly label: string
  readonly values: readonly (number | null)[]
  readonly width?: number
  readonly height?: number
  readonly colour?: 1 | 2 | 3 | 4 | 5 | 6
}

/** The course of a figure beside it, without axes. */
export function Sparkline({ label, values, width = 80, height = 20, colour = 1 }: SparklineProps): ReactElement {
  return (
    <svg width={width} height={height} role="img" aria-label={label}>
      <title>{label}</title>
      <path d={sparkPath(values, width, height)} fill="none" stroke={`var(--chart-${colour})`} strokeWidth="1.5" />
    </svg>
  )
}

/** A line through the values, with a gap where there is none. */
export function sparkPath(values: readonly (number | null)[], width: number, height: number): string {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return ''
  const max = Math.max(...known)
  const min = Math.min(...known)
  const step = values.length > 1 ? width / (values.length - 1) : 0
  let pen = 'M'
  return values
    .map((value, index) => {
      if (value === null) {
        pen = 'M'
        return ''
      }
      const y = max === min ? height / 2 : height - 1 - ((value - min) / (max - min)) * (height - 2)
      const part = `${pen}${(index * step).toFixed(1)} ${y.toFixed(1)}`
      pen = 'L'
      return part
    })
    .join('')
}
