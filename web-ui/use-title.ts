import { useEffect } from 'preact/hooks'
import { t } from './i18n.ts'

/** The document's title while the component stands. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === '' ? t('app.name') : `${title} · ${t('app.name')}`
  }, [title])
}
