import { render, screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { I18nextProvider } from 'react-i18next'
import { describe, expect, test } from 'vitest'
import { galleryScreens } from '../../../src/renderer/gallery/gallery-screens.tsx'
import { createTexts } from '../../../src/renderer/text/i18n.ts'
import { pseudo, pseudoCatalogue, untranslated } from './support/pseudo-texts.ts'
import { renderApp } from './support/render-app.tsx'

/** Said by the node or by a fault, not by a catalogue. */
const nodeMessages = /taken by|bytes left|has the store|store has format|permission denied|This page failed/

describe.each(Object.keys(galleryScreens))('the screen %s', (name) => {
  test('shows texts of the catalogue only', () => {
    const texts = createTexts('en', { en: pseudoCatalogue })
    const Screen = galleryScreens[name]
    const { container } = render(<I18nextProvider i18n={texts}>{Screen?.()}</I18nextProvider>)
    const found = untranslated(container).filter((text) => !nodeMessages.test(text))
    expect(found).toEqual([])
  })
})

test('the frame around the pages shows texts of the catalogue only', async () => {
  using _app = await renderApp({ path: '/connect', catalogue: pseudoCatalogue })
  await screen.findByRole('navigation', { name: /⟦/ })
  const frame = document.body.cloneNode(true) as HTMLElement
  frame.querySelector('main')?.remove()
  expect(untranslated(frame)).toEqual([])
})

test('palette and sheet show texts of the catalogue only', async () => {
  using _app = await renderApp({ path: '/connect', catalogue: pseudoCatalogue })
  await screen.findByRole('navigation', { name: /⟦/ })
  await userEvent.keyboard('{Control>}k{/Control}')
  const palette = await screen.findByRole('dialog')
  expect(palette.textContent).toContain('⟦')
  expect(untranslated(palette)).toEqual([])
  await userEvent.keyboard('{Escape}?')
  const sheet = await screen.findByRole('dialog', { name: /⟦/ })
  expect(untranslated(sheet)).toEqual([])
})

test('a text that comes from no catalogue is found', () => {
  const { container } = render(
    <div title="A tip">
      {pseudo('Translated {{count}}')} 12 <code>data</code>
      <p>Not translated</p>
    </div>,
  )
  expect(untranslated(container)).toEqual(['Not translated', 'A tip'])
})
