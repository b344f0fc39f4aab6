import { useState } from 'react'
import { CodeEditor } from '../ui/code-editor.tsx'
import { HexViewer } from '../ui/hex-viewer.tsx'
import { MergeEditor } from '../ui/merge-editor.tsx'
import { Panes } from '../ui/panes.tsx'
import { Frame, Sample } from './sample.tsx'

const base = { id: 1842, customer: 'Okafor & Daughters', state: 'open', total: 188.5, paid: false, note: null }
const theirs = JSON.stringify({ ...base, note: 'call before delivery' }, undefined, 2)
const mine = JSON.stringify({ ...base, state: 'paid', paid: true }, undefined, 2)

async function readPattern(offset: number, length: number): Promise<Uint8Array> {
  if (offset >= 131_072 && offset < 196_608) throw new Error('this range is missing')
  return Uint8Array.from({ length }, (_, index) => (offset + index) & 0xff)
}

export function EditorsSection() {
  const [text, setText] = useState(mine)
  return (
    <>
      <Sample title="Code" columns>
        <Frame>
          <CodeEditor label="Value" value={theirs} language="json" />
        </Frame>
        <Frame>
          <CodeEditor label="Value, being edited" value={text} language="json" onChange={setText} wrap />
        </Frame>
      </Sample>
      <Sample title="Merge">
        <Frame wide>
          <MergeEditor
            theirs={theirs}
            theirsLabel="Theirs, version 18"
            mine={mine}
            mineLabel="Mine, based on version 17"
            onChange={setText}
            language="json"
          />
        </Frame>
      </Sample>
      <Sample title="Hex and panes">
        <Frame wide>
          <Panes
            name="gallery"
            panes={[
              {
                name: 'hex',
                label: 'Width of the bytes',
                defaultSize: 640,
                minSize: 300,
                content: <HexViewer label="Bytes" size={80_000_000} read={readPattern} />,
              },
              { name: 'rest', label: 'Width of the rest', minSize: 120, content: <p>The rest</p> },
            ]}
          />
        </Frame>
      </Sample>
    </>
  )
}
