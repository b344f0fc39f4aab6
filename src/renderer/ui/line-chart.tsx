import type { ReactElement } from 'react'
import { memo, useMemo } from 'react'
import { Area, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts'
import css from './chart.module.css'
import { lonePoints } from './lone-points.ts'

/** More would be drawn over each other; the node sends no more either. */
const chartPointsMax = 300

export interface ChartSeries {
  readonly name: string
  readonly label: string
  /** One of the six colours. */
  readonly colour: 1 | 2 | 3 | 4 | 5 | 6
  /** Tells it apart without colour. */
  readonly dashed?: boolean
  /** Filled below. */
  readonly area?: boolean
  /** One for each time; null where nothing was measured. */
  readonly values: readonly (number | null)[]
}

interface LineChartProps {
  /** Read out, with the last value of each series. */
  readonly label: string
  readonly fromMs: number
  readonly stepMs: number
  readonly series: readonly ChartSeries[]
  readonly formatValue: (value: number) => string
  readonly formatTime: (ms: number) => string
  /** Says of when and of what span the newest values are, which stand above the chart. */
  readonly formatNewest?: (ms: number) => string
  /** Charts of one name share their cursor. */
  readonly cursor?: string
  readonly height?: number
  /** The axis reaches up to this at least. */
  readonly leastTop?: number
}

function strokeOf(series: ChartSeries) {
  return { stroke: `var(--chart-${series.colour})`, strokeWidth: 1.5, ...(series.dashed && { strokeDasharray: '4 3' }) }
}

interface DotPlace {
  readonly cx?: number
  readonly cy?: number
  readonly index: number
}

/** Dots for values that make no line, such as the first of a node that has just begun; `false` draws none. Rings where a line is dashed. */
function dotsOf(series: ChartSeries) {
  const lone = lonePoints(series.values.slice(-chartPointsMax))
  if (lone.size === 0) return false
  return ({ cx, cy, index }: DotPlace) =>
    lone.has(index) && cx !== undefined && cy !== undefined ? (
      <circle
        key={index}
        cx={cx}
        cy={cy}
        r={series.dashed === true ? 4 : 2.5}
        strokeWidth={1.5}
        stroke={`var(--chart-${series.colour})`}
        fill={series.dashed === true ? 'none' : `var(--chart-${series.colour})`}
      />
    ) : (
      <g key={index} />
    )
}

function Mark({ series }: { readonly series: ChartSeries }) {
  return (
    <svg width="12" height="4" aria-hidden="true">
      <path d="M0 2h12" {...strokeOf(series)} />
    </svg>
  )
}

function lastText(series: ChartSeries, formatValue: (value: number) => string): string {
  const last = series.values.findLast((value) => value !== null)
  return last === undefined || last === null ? '–' : formatValue(last)
}

/** When the newest of all values was measured. */
function newestMs({ fromMs, stepMs, series }: Pick<LineChartProps, 'fromMs' | 'stepMs' | 'series'>): number | undefined {
  const index = Math.max(-1, ...series.map(({ values }) => values.findLastIndex((value) => value !== null)))
  return index === -1 ? undefined : fromMs + index * stepMs
}

/** Points of time with the values of all series; only the newest where there are too many. */
function pointsOf({ fromMs, stepMs, series }: Pick<LineChartProps, 'fromMs' | 'stepMs' | 'series'>) {
  const length = Math.max(0, ...series.map(({ values }) => values.length))
  const first = Math.max(0, length - chartPointsMax)
  return Array.from({ length: length - first }, (_, index) => ({
    timeMs: fromMs + (first + index) * stepMs,
    ...Object.fromEntries(series.map(({ name, values }) => [name, values[first + index] ?? null])),
  }))
}

function LineChartOf(props: LineChartProps): ReactElement {
  const { label, series, formatValue, formatTime, formatNewest, cursor, leastTop = 0, height = 150 } = props
  const low = series.every(({ values }) => values.every((value) => value === null || value < leastTop))
  const points = useMemo(() => pointsOf(props), [props])
  const newest = newestMs(props)
  const when = newest === undefined ? undefined : formatNewest?.(newest)
  const spoken = `${[label, when].filter((part) => part !== undefined).join(', ')}: ${series.map((one) => `${one.label} ${lastText(one, formatValue)}`).join(', ')}`
  return (
    <figure className={css.figure} aria-label={spoken}>
      <figcaption className={css.legend} aria-hidden="true">
        {when !== undefined && <span className={css.when}>{when}</span>}
        {series.map((one) => (
          <span key={one.name} className={css.entry}>
            <Mark series={one} />
            {one.label} {lastText(one, formatValue)}
          </span>
        ))}
      </figcaption>
      <div className={css.plot} aria-hidden="true">
        <ResponsiveContainer width="100%" height={height}>
          <ComposedChart
            data={points}
            margin={{ top: 6, right: 4, bottom: 0, left: 0 }}
            accessibilityLayer={false}
            {...(cursor !== undefined && { syncId: cursor })}
          >
            <CartesianGrid vertical={false} stroke="var(--border)" />
            <XAxis
              dataKey="timeMs"
              type="number"
              domain={['dataMin', 'dataMax']}
              tickCount={4}
              tickFormatter={formatTime}
              tickLine={false}
              axisLine={false}
              minTickGap={48}
              height={18}
            />
            <YAxis
              width={68}
              {...(low && leastTop > 0 && { domain: [0, leastTop], ticks: [0, leastTop / 2, leastTop] })}
              tickCount={4}
              tickFormatter={(value: number) => unbroken(formatValue(value))}
              tickLine={false}
              axisLine={false}
            />
            <Tooltip
              isAnimationActive={false}
              cursor={{ stroke: 'var(--border-control)' }}
              content={({ active, label: time, payload }) =>
                active ? (
                  <Tip time={formatTime(Number(time))} series={series} payload={payload} formatValue={formatValue} />
                ) : null
              }
            />
            {series.map((one) =>
              one.area ? (
                <Area
                  key={one.name}
                  dataKey={one.name}
                  {...strokeOf(one)}
                  fill={`var(--chart-${one.colour})`}
                  fillOpacity={0.08}
                  isAnimationActive={false}
                  dot={dotsOf(one)}
                />
              ) : (
                <Line key={one.name} dataKey={one.name} {...strokeOf(one)} isAnimationActive={false} dot={dotsOf(one)} />
              ),
            )}
          </ComposedChart>
        </ResponsiveContainer>
      </div>
    </figure>
  )
}

/** Lines over time. Give it the same arrays while nothing has changed: it draws anew only for new ones. */
export const LineChart = memo(LineChartOf)

interface TipProps {
  readonly time: string
  readonly series: readonly ChartSeries[]
  readonly payload: readonly { readonly dataKey?: unknown; readonly value?: unknown }[]
  readonly formatValue: (value: number) => string
}

function Tip({ time, series, payload, formatValue }: TipProps) {
  return (
    <div className={css.tip}>
      {time}
      {series.map((one) => {
        const value = payload.find((entry) => entry.dataKey === one.name)?.value
        return (
          <span key={one.name} className={css.entry}>
            <Mark series={one} />
            {one.label} {typeof value === 'number' ? formatValue(value) : '–'}
          </span>
        )
      })}
    </div>
  )
}

/** The chart breaks the text of an axis at its spaces where it finds it long. */
function unbroken(text: string): string {
  return text.replaceAll(' ', '\u00a0')
}
