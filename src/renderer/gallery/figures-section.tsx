import { ShieldCheck } from 'lucide-react'
import { Badge, Status } from '../ui/badge.tsx'
import { Card, Details } from '../ui/card.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { formatBytes, formatMs, formatTime } from '../ui/format.ts'
import { IdText } from '../ui/id-text.tsx'
import { KeyCaps } from '../ui/key-caps.tsx'
import type { ChartSeries } from '../ui/line-chart.tsx'
import { LineChart } from '../ui/line-chart.tsx'
import { Meter, Progress } from '../ui/meter.tsx'
import { Sparkline } from '../ui/sparkline.tsx'
import css from './gallery.module.css'
import { Sample } from './sample.tsx'

const address = '3fa9c1770be24d6185d2f01c99a7e4b0d201c6f38a5b4e7719c02d55ee63ab18'
const course = Array.from({ length: 120 }, (_, index) =>
  index > 50 && index < 56 ? null : 2.2 + Math.sin(index / 9) + Math.sin(index / 2) / 4,
)
const series: readonly ChartSeries[] = [
  { name: 'p99', label: 'p99', colour: 4, area: true, values: course.map((value) => value && value * 2) },
  { name: 'p50', label: 'p50', colour: 1, dashed: true, values: course },
]
const tokens = [
  'bg',
  'surface',
  'raised',
  'border',
  'border-control',
  'text',
  'muted',
  'faint',
  'accent',
  'ok',
  'warn',
  'danger',
  'info',
]

export function FiguresSection() {
  return (
    <>
      <Sample title="Cards and figures" columns>
        <Card quiet icon={<ShieldCheck size={16} aria-hidden="true" />} title="Durability">
          <strong>1,284 blocks</strong>
          <Meter label="Sound blocks" value={1272} max={1284} tone="ok" valueText="1272 of 1284" />
        </Card>
        <Card title="Storage">
          <Meter label="Storage" value={91} max={100} tone="danger" valueText="91 of 100 GB" />
          <Progress label="1.9 of 2.4 GB" detail="6-9 min left" value={0.79} />
          <Progress label="Looking for keys" value={undefined} />
        </Card>
        <Card title="Details">
          <Details
            items={[
              { term: 'Block', value: <IdText value={address} /> },
              { term: 'Size', value: formatBytes(31_200_000) },
              { term: 'Read in', value: formatMs(0.42) },
              { term: 'Modified', value: formatTime(Date.UTC(2026, 10, 22, 13, 58, 4)) },
            ]}
          />
        </Card>
      </Sample>
      <Sample title="Chart">
        <div style={{ width: 520 }}>
          <LineChart
            label="Write latency"
            fromMs={Date.UTC(2026, 10, 22, 14, 2)}
            stepMs={7500}
            series={series}
            formatValue={formatMs}
            formatTime={(ms) => formatTime(ms).slice(-8, -3)}
            cursor="gallery"
          />
        </div>
        <Sparkline label="Calls per second over the last minute" values={course.slice(0, 60)} />
      </Sample>
      <Sample title="Marks">
        <Status tone="ok">Running</Status>
        <Status tone="warn">Reconnecting</Status>
        <Status tone="danger">Crashed</Status>
        <Status tone="idle">Stopped</Status>
        <Badge>json</Badge>
        <Badge tone="ok">sound</Badge>
        <Badge tone="info">new</Badge>
        <Badge tone="warn">1</Badge>
        <Badge tone="danger">suspect</Badge>
        <KeyCaps keys="mod+shift+d" />
        <CopyButton text={address} />
      </Sample>
      <Sample title="Colours">
        {tokens.map((token) => (
          <span key={token} className={css.swatch}>
            <span className={css.colour} style={{ background: `var(--${token})` }} />
            {token}
          </span>
        ))}
      </Sample>
    </>
  )
}
