import { KeyRound } from 'lucide-react'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { Loading, SkeletonRows } from '../ui/loading.tsx'
import { Page, Toolbar } from '../ui/page.tsx'
import { Empty, Failed, Forbidden, Partial, Stale } from '../ui/states.tsx'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import css from './gallery.module.css'
import { Frame, Sample } from './sample.tsx'

const failure = {
  code: 'data-corrupt',
  message: 'The bytes of this value do not match its address.',
  details: {},
  correlationId: 'a81f03',
}
const noRetry = () => undefined

export function StatesSection() {
  return (
    <>
      <Sample title="Loading, empty, failed" columns>
        <Frame>
          <Loading rows={6} text="Reading keys" onCancel={noRetry} awaited="The store is being read." />
        </Frame>
        <Frame>
          <SkeletonRows rows={6} />
        </Frame>
        <Frame>
          <Empty
            icon={<KeyRound size={24} aria-hidden="true" />}
            title="No keys yet"
            text="Keys are paths; values are any bytes."
            actions={<Button kind="primary">New key</Button>}
          />
        </Frame>
        <Frame>
          <Empty title="No keys start with foo/ among 12,430 loaded" actions={<Button>Search the whole store</Button>} />
        </Frame>
        <Frame>
          <Failed title="The value could not be read" failure={failure} onRetry={noRetry} />
        </Frame>
        <Frame>
          <Forbidden>You can read this block. Only its owner can change it.</Forbidden>
        </Frame>
      </Sample>
      <Sample title="Partial and stale" columns>
        <Partial actions={<Button>Load all</Button>}>2 folders hold more keys than are loaded.</Partial>
        <Stale stale>
          <Frame>
            <Empty title="Seen at 14:02:11" text="What is stale can still be read and copied." />
          </Frame>
        </Stale>
      </Sample>
      <Sample title="Banners" columns>
        <Banner tone="ok">All is well.</Banner>
        <Banner tone="info">The node is stopped.</Banner>
        <Banner tone="warn" actions={<Button>Try now</Button>}>
          Showing data from 14:02:11. Reconnecting…
        </Banner>
        <Banner tone="danger">Durable records are missing.</Banner>
      </Sample>
      <Sample title="Page with a list of 100,000 rows" columns>
        <Frame>
          <Page title="Keys" subtitle="research" bare actions={<Button kind="primary">New key</Button>}>
            <Toolbar label="Filters">
              <Button kind="quiet">All</Button>
            </Toolbar>
            <VirtualRows
              count={100_000}
              containerProps={{ role: 'list', 'aria-label': 'Keys', tabIndex: 0 }}
              rowProps={(index) => ({ role: 'listitem', 'aria-setsize': 100_000, 'aria-posinset': index + 1 })}
              renderRow={(index) => <span className={css.listRow}>{`orders/${String(index).padStart(7, '0')}`}</span>}
            />
          </Page>
        </Frame>
      </Sample>
    </>
  )
}
