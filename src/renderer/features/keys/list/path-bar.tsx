import { useNavigate } from '@tanstack/react-router'
import { clsx } from 'clsx'
import { ChevronDown, TextSearch } from 'lucide-react'
import type { FormEvent, ReactElement } from 'react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { wireLimits } from '../../../../ipc/contract/wire-limits.ts'
import { useShortcut } from '../../../shortcuts/use-shortcut.tsx'
import { Button } from '../../../ui/button.tsx'
import { IconButton } from '../../../ui/icon-button.tsx'
import { KeyCaps } from '../../../ui/key-caps.tsx'
import type { MenuEntry } from '../../../ui/menu.tsx'
import { Menu } from '../../../ui/menu.tsx'
import { TextField } from '../../../ui/text-field.tsx'
import { changeMemory, useMemory } from '../use-memory.ts'
import css from './path-bar.module.css'

export type ListMode = 'prefix' | 'contains'

interface PathBarProps {
  readonly prefix: string
  readonly mode: ListMode
  readonly onMode: (mode: ListMode) => void
  /** Looks for keys that contain the text. */
  readonly onSearch: (text: string) => void
}

const delimiters = ['/', ':', '.', '|', '-'] as const

/** Says which prefix is shown, takes another one, and looks for keys that contain a text. */
export function PathBar({ prefix, mode, onMode, onSearch }: PathBarProps): ReactElement {
  const { t } = useTranslation('keys')
  const navigate = useNavigate()
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState(prefix)
  const [focused, setFocused] = useState(false)
  const searching = mode === 'contains'
  useEffect(() => setText(prefix), [prefix])
  useShortcut('filter.focus', () => input.current?.focus())
  const show = (next: string) => void navigate({ to: '/keys', search: (before) => ({ ...before, prefix: next || undefined }) })
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (!searching) show(text)
    else if (text !== '') onSearch(text)
  }
  return (
    <div className={css.bar}>
      <form className={css.form} onSubmit={submit}>
        <TextField
          ref={input}
          label={searching ? t('searchLabel') : t('prefixLabel')}
          labelHidden
          mono
          placeholder={searching ? t('searchHint') : t('prefixHint')}
          value={text}
          onChange={setText}
          maxLength={searching ? 256 : wireLimits.keyBytesMax}
          onFocus={() => setFocused(true)}
          onBlur={() => {
            setFocused(false)
            if (!searching && text !== prefix) show(text)
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Escape') return
            setText(prefix)
            if (searching) onMode('prefix')
          }}
          suffix={focused ? undefined : <KeyCaps keys="/" />}
        />
      </form>
      <IconButton
        label={t('containsToggle')}
        icon={<TextSearch size={16} aria-hidden="true" />}
        pressed={searching}
        // Without leaving the field: what was typed is what is looked for.
        onPointerDown={(event) => event.preventDefault()}
        onClick={() => {
          onMode(searching ? 'prefix' : 'contains')
          setText(searching || text !== prefix ? (searching ? prefix : text) : '')
          input.current?.focus()
        }}
      />
      <DelimiterPicker />
    </div>
  )
}

function DelimiterPicker(): ReactElement {
  const { t } = useTranslation('keys')
  const { delimiter, flat } = useMemory()
  const [own, setOwn] = useState<string>()
  const choose = (next: string) => changeMemory((memory) => ({ ...memory, delimiter: next, flat: false }))
  const known = delimiters.some((sign) => sign === delimiter) ? delimiters : [...delimiters, delimiter]
  const entries: MenuEntry[] = [
    { kind: 'separator', label: t('delimiterHead') },
    ...known.map((sign) => ({ label: sign, checked: !flat && sign === delimiter, onSelect: () => choose(sign) })),
    { label: t('delimiterOther'), onSelect: () => setOwn('') },
    { kind: 'separator' },
    { label: t('flatList'), checked: flat, onSelect: () => changeMemory((memory) => ({ ...memory, flat: !flat })) },
  ]
  if (own !== undefined) {
    return (
      <form
        className={css.own}
        onSubmit={(event) => {
          event.preventDefault()
          if (own !== '') choose(own)
          setOwn(undefined)
        }}
      >
        <TextField
          label={t('delimiterOwn')}
          labelHidden
          mono
          maxLength={16}
          value={own}
          onChange={setOwn}
          autoFocus
          onBlur={() => setOwn(undefined)}
        />
      </form>
    )
  }
  return (
    <Menu
      align="end"
      entries={entries}
      trigger={
        <Button
          kind="quiet"
          className={clsx(css.delimiter, flat && css.flat)}
          aria-label={t('delimiterNow', { sign: flat ? t('flatList') : delimiter })}
        >
          {flat ? t('flatShort') : delimiter}
          <ChevronDown size={12} aria-hidden="true" />
        </Button>
      }
    />
  )
}
