import { render, screen } from '@testing-library/react'
import { I18nextProvider } from 'react-i18next'
import { afterEach, expect, it } from 'vitest'
import { useDrafts } from '../../../src/renderer/app/drafts.ts'
import { SignInCard } from '../../../src/renderer/screens/sign-in-card.tsx'
import { createTexts } from '../../../src/renderer/text/i18n.ts'

afterEach(() => useDrafts.setState({ drafts: {} }))

function show(reason: Parameters<typeof SignInCard>[0]['reason']): void {
  render(
    <I18nextProvider i18n={createTexts()}>
      <SignInCard reason={reason} onSignIn={() => Promise.resolve(false)} />
    </I18nextProvider>,
  )
}

it('says that the node was started again, and that what was typed is kept', () => {
  useDrafts.getState().keep('a1 key a', { text: 'typed', base: '1', home: { networkId: 'a1', networkName: '' }, title: 'a' })
  show('restarted')
  expect(screen.getByRole('heading', { name: 'Your session has ended' })).toBeVisible()
  expect(screen.getByText('The node was started again, which ends all sessions.')).toBeVisible()
  expect(screen.getByText(/^Text that you have typed here and not saved is kept\. .* to the same node\.$/)).toBeVisible()
})

it('says neither where it is not so', () => {
  show('ended')
  expect(screen.getByRole('heading', { name: 'Your session has ended' })).toBeVisible()
  expect(screen.queryByText(/started again/)).toBeNull()
  expect(screen.queryByText(/not saved/)).toBeNull()
})

it('says when a session ends whose node has not answered', () => {
  show('leaving')
  expect(screen.getByRole('heading', { name: 'Signing out' })).toBeVisible()
  expect(screen.getByText(/^The node has not answered yet\. .* ends when it answers, or when it stops/)).toBeVisible()
})

it('does not call a session ended that was left on purpose', () => {
  show('left')
  expect(screen.getByRole('heading', { name: 'You have signed out' })).toBeVisible()
  expect(screen.queryByText(/has ended/)).toBeNull()
})
