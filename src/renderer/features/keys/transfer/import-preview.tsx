import type { ReactElement } from 'react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { formatBytes, formatCount } from '../../../ui/format.ts'
import { KeyText } from '../key-text.tsx'
import type { ImportPlan, PreviewRow } from './import-files.ts'
import { previewRows } from './import-files.ts'
import css from './transfer.module.css'

type There = ReadonlyMap<string, boolean>

/** The first keys of an import, and which of them exist already. */
export function ImportPreview({ plan, prefix }: { readonly plan: ImportPlan; readonly prefix: string }): ReactElement | null {
  const { t } = useTranslation('keys')
  const { client } = useNode()
  const [rows, setRows] = useState<readonly PreviewRow[]>([])
  const [there, setThere] = useState<There>(new Map())
  useEffect(() => {
    let left = false
    void previewRows(plan, prefix).then(async (found) => {
      if (left) return
      setRows(found)
      setThere(new Map())
      const keys = found.filter((row) => row.problem === undefined).map((row) => row.key)
      const stats = await Promise.all(keys.map((key) => client.kv.stat({ key }).catch(() => undefined)))
      if (!left)
        setThere(new Map(keys.flatMap((key, at) => (stats[at] === undefined ? [] : [[key, stats[at] !== null] as const]))))
    })
    return () => {
      left = true
    }
  }, [plan, prefix, client])
  if (rows.length === 0) return null
  const existing = [...there.values()].filter(Boolean).length
  return (
    <figure className={css.preview}>
      <figcaption>
        {t('previewHead', { count: rows.length, number: formatCount(rows.length) })}
        {there.size > 0 && ` · ${t('previewExisting', { count: existing })}`}
      </figcaption>
      <div className={css.table}>
        <table>
          <thead>
            <tr>
              <th>{t('keyLabel')}</th>
              <th className={css.number}>{t('size')}</th>
              <th>{t('stateHead')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row, index) => (
              <tr key={`${row.key} ${rows.indexOf(row, index)}`}>
                <td>
                  <KeyText text={row.key} />
                </td>
                <td className={css.number}>{row.size === undefined ? '–' : formatBytes(row.size)}</td>
                <td className={row.problem === undefined ? css.muted : css.bad}>
                  {row.problem === undefined ? stateOf(there.get(row.key), t) : t(`preview_${row.problem}`)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

function stateOf(exists: boolean | undefined, t: ReturnType<typeof useTranslation<'keys'>>['t']): string {
  return exists === undefined ? '' : exists ? t('previewThere') : t('previewNew')
}
