import { FileKey } from 'lucide-react'
import type { ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import { useWriteBlock } from '../../connection/use-write-block.ts'
import { Banner } from '../../ui/banner.tsx'
import { Button } from '../../ui/button.tsx'
import { Empty } from '../../ui/states.tsx'
import { NewKeyPane } from './edit/new-key-pane.tsx'
import css from './keys-page.module.css'
import { TabStrip } from './tab-strip.tsx'
import type { Tab } from './tabs-store.ts'
import { setNotice, useTabs } from './tabs-store.ts'
import { ExportPane } from './transfer/export-pane.tsx'
import { ImportPane } from './transfer/import-pane.tsx'
import { KeyPane } from './value/key-pane.tsx'

/** Tabs, and what the active one holds. What went wrong beside them is said above. */
export function RightPane({ onCode }: { readonly onCode: () => void }): ReactElement {
  const { t } = useTranslation('keys')
  const tab = useTabs((state) => state.tabs.find(({ id }) => id === state.active))
  const notice = useTabs((state) => state.notice)
  return (
    <section className={css.right} aria-label={t('valuePane')}>
      <TabStrip />
      {notice !== undefined && (
        <Banner tone={notice.tone} actions={<Button onClick={() => setNotice(undefined)}>{t('close')}</Button>}>
          <strong>{notice.title}</strong> {notice.text}
        </Banner>
      )}
      {tab === undefined ? <Nothing /> : <TabContent tab={tab} onCode={onCode} />}
    </section>
  )
}

function TabContent({ tab, onCode }: { readonly tab: Tab; readonly onCode: () => void }): ReactElement {
  switch (tab.kind) {
    case 'key':
      return <KeyPane key={tab.id} name={tab.key} onCode={onCode} />
    case 'new':
      return <NewKeyPane id={tab.id} form={tab.form} />
    case 'import':
      return <ImportPane id={tab.id} prefix={tab.prefix} given={tab.files} />
    case 'export':
      return <ExportPane id={tab.id} prefix={tab.prefix} />
  }
}

function Nothing(): ReactElement {
  const { t } = useTranslation('keys')
  const blocked = useWriteBlock()
  return <Empty icon={<FileKey size={24} aria-hidden="true" />} title={t('nothingOpen')} text={blocked ?? t('nothingOpenText')} />
}
