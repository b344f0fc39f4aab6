import type { ReactElement } from 'react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Empty } from '../../../ui/states.tsx'
import type { ImageKind } from './sniff-value.ts'
import css from './value-body.module.css'

interface ImageViewProps {
  readonly bytes: Uint8Array
  readonly image: ImageKind
  readonly label: string
}

/** The type of the blob is the one that the bytes have, so that the browser decodes nothing else. */
export function ImageView({ bytes, image, label }: ImageViewProps): ReactElement | null {
  const { t } = useTranslation('keys')
  const [url, setUrl] = useState<string>()
  const [size, setSize] = useState<string>()
  const [broken, setBroken] = useState(false)
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([Uint8Array.from(bytes)], { type: `image/${image}` }))
    setUrl(made)
    setBroken(false)
    return () => URL.revokeObjectURL(made)
  }, [bytes, image])
  if (url === undefined) return null
  if (broken) return <Empty title={t('imageBroken')} text={t('imageBrokenText')} />
  return (
    <figure className={css.image}>
      <img
        src={url}
        alt={label}
        onError={() => setBroken(true)}
        onLoad={({ currentTarget }) => setSize(`${currentTarget.naturalWidth} × ${currentTarget.naturalHeight}`)}
      />
      <figcaption>{size}</figcaption>
    </figure>
  )
}
