import type { ReactElement } from 'react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useDrafts } from '../app/drafts.ts'
import { screenLimits } from '../app/screen-limits.ts'
import { useNode } from '../connection/connection-provider.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { shortId } from '../ui/id-text.tsx'

/** Whoever signs in to another node while text is not saved hears where that text is. */
export function DraftsElsewhere(): ReactElement | null {
  const { t } = useTranslation('shell')
  const { hello } = useNode()
  const drafts = useDrafts((store) => store.drafts)
  const [hidden, setHidden] = useState<string>()
  const others = Object.values(drafts).filter(({ home }) => home.networkId !== hello.networkId)
  const [first] = others
  if (first === undefined || hidden === hello.networkId) return null
  const titles = [...new Set(others.map(({ title }) => title || t('draftUnnamed')))]
  const named = titles.slice(0, screenLimits.namedDraftsMax).join(', ')
  const rest = titles.length - screenLimits.namedDraftsMax
  return (
    <Banner tone="warn" actions={<Button onClick={() => setHidden(hello.networkId)}>{t('hide')}</Button>}>
      {t('draftsElsewhere', {
        here: `${hello.networkName} (${shortId(hello.networkId)})`,
        there: `${first.home.networkName} (${shortId(first.home.networkId)})`,
        titles: rest > 0 ? t('draftsMore', { titles: named, count: rest }) : named,
      })}
    </Banner>
  )
}
