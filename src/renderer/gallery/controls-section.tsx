import { Plus, Search, Trash2, WrapText } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { Checkbox } from '../ui/checkbox.tsx'
import { Combobox } from '../ui/combobox.tsx'
import { IconButton } from '../ui/icon-button.tsx'
import { NumberField } from '../ui/number-field.tsx'
import { Segmented } from '../ui/segmented.tsx'
import { Select } from '../ui/select.tsx'
import { Switch } from '../ui/switch.tsx'
import { TextArea } from '../ui/text-area.tsx'
import { TextField } from '../ui/text-field.tsx'
import { Sample } from './sample.tsx'

const icon = <Plus size={14} aria-hidden="true" />

export function ControlsSection() {
  return (
    <>
      <Sample title="Buttons">
        <Button kind="primary" icon={icon} shortcut="n">
          New key
        </Button>
        <Button>Compare</Button>
        <Button kind="quiet">Ignore</Button>
        <Button kind="danger">Delete 12 keys</Button>
        <Button kind="link">All jobs</Button>
        <Button busy>Saving</Button>
        <Button kind="primary" disabledReason="The node is away.">
          Save
        </Button>
        <IconButton label="Wrap lines" icon={<WrapText size={16} aria-hidden="true" />} pressed shortcut="mod+shift+w" />
        <IconButton label="Delete" icon={<Trash2 size={16} aria-hidden="true" />} disabledReason="Read-only" />
      </Sample>
      <Fields />
      <Choices />
    </>
  )
}

function Fields() {
  const [text, setText] = useState('orders/2026-11/')
  const [area, setArea] = useState('{\n  "id": 1842\n}')
  const [number, setNumber] = useState<number | null>(8)
  const [type, setType] = useState('application/json')
  return (
    <Sample title="Fields" columns>
      <TextField label="Prefix" value={text} onChange={setText} mono help="Folders end in a slash." />
      <TextField label="Key" value="" placeholder="orders/1" error="A key has at least one byte." />
      <TextField label="Filter" labelHidden placeholder="Filter" icon={<Search size={14} aria-hidden="true" />} />
      <TextField label="Data folder" value="/var/lib/memo" disabled help="Set by a flag." />
      <NumberField label="Storage limit" value={number} onChange={setNumber} min={1} max={64} suffix="GB" help="1 to 64" />
      <Combobox
        label="Content type"
        value={type}
        onChange={setType}
        options={['application/json', 'application/octet-stream', 'text/plain']}
        mono
      />
      <TextArea label="Value" value={area} onChange={setArea} mono />
    </Sample>
  )
}

function Choices() {
  const [checked, setChecked] = useState(true)
  const [on, setOn] = useState(true)
  const [range, setRange] = useState<'15m' | '1h' | '24h'>('15m')
  const [level, setLevel] = useState<'debug' | 'info'>('info')
  return (
    <Sample title="Choices">
      <Checkbox label="Wrap lines" checked={checked} onChange={setChecked} />
      <Checkbox label="Some of them" checked={false} partly onChange={setChecked} />
      <Checkbox label="Not now" checked={false} disabled onChange={setChecked} />
      <Switch label="Allow other apps on this computer" help="At 127.0.0.1:7070" checked={on} onChange={setOn} />
      <Switch label="Read-only" checked={false} onChange={setOn} disabledReason="Set by the environment." />
      <Segmented
        label="Range"
        value={range}
        onChange={setRange}
        options={[
          { value: '15m', label: '15 min' },
          { value: '1h', label: '1 h' },
          { value: '24h', label: '24 h' },
        ]}
      />
      <Select
        label="Level"
        value={level}
        onChange={setLevel}
        options={[
          { value: 'debug', label: 'Debug' },
          { value: 'info', label: 'Info' },
        ]}
      />
    </Sample>
  )
}
