import type { ReactElement } from 'react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNode } from '../../../connection/connection-provider.tsx'
import { Banner } from '../../../ui/banner.tsx'
import { formatBytes, formatCount } from '../../../ui/format.ts'
import { KeyText } from '../key-text.tsx'
import { shortText, visibleKey } from '../visible-key.ts'
import type { ImportPlan } from './import-files.ts'
import type { Preview, PreviewRow, StopProblem } from './preview-import.ts'
import { previewOf } from './preview-import.ts'
import css from './transfer.module.css'

/** Characters of a key that a row shows. */
const keyCharsMax = 200

type There = ReadonlyMap<string, boolean>

/** The beginning of what a plan would write; undefined until it is read. */
export function usePreview(plan: ImportPlan, prefix: string): Preview | undefined {
  const [preview, setPreview] = useState<Preview>()
  useEffect(() => {
    let left = false
    setPreview(undefined)
    void previewOf(plan, prefix).then((found) => {
      if (!left) setPreview(found)
    })
    return () => {
      left = true
    }
  }, [plan, prefix])
  return preview
}

/** Which of the keys exist already. */
function useThere(rows: readonly PreviewRow[]): There {
  const { client } = useNode()
  const [there, setThere] = useState<There>(new Map())
  useEffect(() => {
    let left = false
    setThere(new Map())
    const keys = rows.filter((row) => !row.unfit).map((row) => row.key)
    void Promise.all(keys.map((key) => client.kv.stat({ key }).catch(() => undefined))).then((stats) => {
      if (!left)
        setThere(new Map(keys.flatMap((key, at) => (stats[at] === undefined ? [] : [[key, stats[at] !== null] as const]))))
    })
    return () => {
      left = true
    }
  }, [rows, client])
  return there
}

/** The first keys of an import, and what is known of them before it begins. */
export function ImportPreview({ preview }: { readonly preview: Preview }): ReactElement {
  const { t } = useTranslation('keys')
  const { rows, fit, nothing, stop } = preview
  if (nothing !== undefined) return <p className={css.muted}>{t(`preview_${nothing}`)}</p>
  return (
    <>
      {stop !== undefined && (
        <Banner tone="warn" inset>
          {t('previewStop', { line: formatCount(stop.line), reason: lineProblem(stop.problem, t) })}{' '}
          {fit === 0 ? t('previewStopNone') : t('previewStopKeys', { count: fit, number: formatCount(fit) })}
          {stop.excerpt !== '' && (
            <>
              {' '}
              <code>{stop.excerpt}</code>
            </>
          )}
        </Banner>
      )}
      {rows.length > 0 && <Rows preview={preview} />}
      <Checked preview={preview} />
    </>
  )
}

/** How far the lines were looked at; said by the banner where one of them ends the import. */
function Checked({ preview }: { readonly preview: Preview }): ReactElement | null {
  const { t } = useTranslation('keys')
  const { lines, stop, fit, whole } = preview
  if (lines === undefined || stop !== undefined) return null
  const text = whole
    ? t('previewChecked', { count: fit, number: formatCount(fit) })
    : t('previewCheckedPart', { line: formatCount(lines) })
  return <p className={css.muted}>{text}</p>
}

function Rows({ preview }: { readonly preview: Preview }): ReactElement {
  const { t } = useTranslation('keys')
  const { rows, unfit } = preview
  const there = useThere(rows)
  const fit = rows.filter((row) => !row.unfit).length
  const existing = [...there.values()].filter(Boolean).length
  return (
    <figure className={css.preview}>
      <figcaption>
        {fit > 0 && t('previewHead', { count: fit, number: formatCount(fit) })}
        {there.size > 0 && ` · ${existingText(fit, existing, t)}`}
        {unfit > 0 && (
          <span className={css.bad}>
            {fit > 0 && ' · '}
            {t('previewUnfit', { number: formatCount(unfit) })}
          </span>
        )}
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
                <td title={row.key.length > keyCharsMax ? visibleKey(row.key) : undefined}>
                  <KeyText text={shortText(row.key, keyCharsMax)} />
                </td>
                <td className={css.number}>{formatBytes(row.size)}</td>
                <td className={row.unfit ? css.bad : css.muted}>
                  {row.unfit ? t('preview_unfit') : stateOf(there.get(row.key), t)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}

type T = ReturnType<typeof useTranslation<'keys'>>['t']

function lineProblem(problem: StopProblem, t: T): string {
  return 'member' in problem ? t(`line_${problem.kind}`, { member: problem.member }) : t(`line_${problem.kind}`)
}

function existingText(keys: number, existing: number, t: T): string {
  return keys === 1 ? stateOf(existing === 1, t) : t('previewExisting', { count: existing })
}

function stateOf(exists: boolean | undefined, t: T): string {
  return exists === undefined ? '' : exists ? t('previewThere') : t('previewNew')
}
