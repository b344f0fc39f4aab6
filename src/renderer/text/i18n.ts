import type { i18n } from 'i18next'
import { createInstance } from 'i18next'
import { initReactI18next } from 'react-i18next'
import { en } from './en.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'ui'
    resources: typeof en
  }
}

export type Catalogue = { readonly [area: string]: Readonly<Record<string, string>> }

/** All catalogues are in the bundle, so that the first text is there with the first frame. */
export function createTexts(language = 'en', catalogues: Readonly<Record<string, Catalogue>> = { en }): i18n {
  const texts = createInstance()
  void texts.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: catalogues,
    defaultNS: 'ui',
    initAsync: false,
    interpolation: { escapeValue: false },
    returnEmptyString: false,
  })
  return texts
}
