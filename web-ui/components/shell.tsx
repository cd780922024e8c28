import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Link, useLocation } from 'wouter-preact'
import { formatBytes, formatClock, t, type MessageKey } from '../i18n.ts'
import { usePage } from '../page-context.ts'
import { theme, type Theme } from '../theme.ts'
import { Icon, type IconName } from './icon.tsx'

const PAGES: readonly {
  readonly path: string
  readonly icon: IconName
  readonly word: MessageKey & `nav.${string}`
  readonly begins: readonly string[]
}[] = [
  { path: '/', icon: 'channels', word: 'nav.channels', begins: ['/watch'] },
  { path: '/recordings', icon: 'recordings', word: 'nav.recordings', begins: ['/recordings'] },
  { path: '/tvs', icon: 'tvs', word: 'nav.tvs', begins: ['/tvs'] },
  { path: '/network', icon: 'network', word: 'nav.network', begins: ['/network'] },
]

function Navigation() {
  const [location] = useLocation()
  return (
    <nav class="nav" aria-label={t('nav.label')}>
      {PAGES.map(({ path, icon, word, begins }) => {
        const here = location === path || begins.some((start) => location.startsWith(start))
        return (
          <Link key={path} href={path} class={here ? 'nav-link nav-here' : 'nav-link'} aria-current={here ? 'page' : undefined}>
            <Icon name={icon} />
            <span>{t(word)}</span>
          </Link>
        )
      })}
    </nav>
  )
}

/** A short break is nobody's business: the banner waits. */
const BANNER_AFTER_MS = 1_500

function LinkBanner() {
  const { link, now, reconnect } = usePage()
  const state = link.value
  const shown = state.kind === 'lost' && now.value - state.since > BANNER_AFTER_MS
  return (
    <div class="banner-place" role="status">
      {shown && (
        <div class="banner">
          <Icon name="warning" />
          <span>{t('link.lost', { time: formatClock(state.since) })}</span>
          <button type="button" class="button button-quiet" onClick={reconnect}>
            {t('link.retry')}
          </button>
        </div>
      )}
    </div>
  )
}

function NoticeList() {
  const { notices } = usePage()
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.list.value.map((notice) => (
        <div key={notice.id} class={`notice notice-${notice.kind}`}>
          {notice.kind === 'error' && <Icon name="warning" />}
          <span>{notice.text}</span>
          {notice.action !== undefined && (
            <button
              type="button"
              class="button button-quiet"
              onClick={() => {
                notice.action?.run()
                notices.dismiss(notice.id)
              }}
            >
              {notice.action.label}
            </button>
          )}
          <button
            type="button"
            class="button button-quiet button-icon"
            aria-label={t('action.dismiss')}
            onClick={() => notices.dismiss(notice.id)}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  )
}

const THEMES: readonly Theme[] = ['auto', 'dark', 'light']

function Footer() {
  const { resources } = usePage()
  const status = resources.status.value
  return (
    <footer class="footer">
      {status.kind === 'ready' && (
        <>
          <span>{status.value.name}</span>
          <span>{t('footer.version', { version: status.value.version })}</span>
          <span>{t('footer.disk', { free: formatBytes(status.value.data.free) })}</span>
          {status.value.ffmpeg.kind === 'missing' && <span class="footer-warning">{t('footer.ffmpegMissing')}</span>}
        </>
      )}
      <label class="theme">
        <span>{t('theme.label')}</span>
        <select
          value={theme.value}
          onChange={(event) => {
            theme.value = event.currentTarget.value as Theme
          }}
        >
          {THEMES.map((name) => (
            <option key={name} value={name}>
              {t(`theme.${name}`)}
            </option>
          ))}
        </select>
      </label>
    </footer>
  )
}

/** What stands round every page. A new page takes the focus, so that a screen reader and the arrow keys begin there. */
export function Shell({ children }: { readonly children: ComponentChildren }) {
  const [location] = useLocation()
  const main = useRef<HTMLElement>(null)
  const first = useSignal(true)
  useEffect(() => {
    if (!first.peek() && !location.startsWith('/watch')) {
      main.current?.focus({ preventScroll: true })
      window.scrollTo(0, 0)
    }
    first.value = false
  }, [location.split('/')[1]])
  return (
    <>
      <a class="skip" href="#main">
        {t('app.skip')}
      </a>
      <header class="header">
        <Link href="/" class="brand" aria-label={t('app.name')}>
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <path class="brand-stream" d="M4 8c7 0 8 8 12 8s5 0 12 0M4 24c7 0 8-8 12-8" />
            <circle class="brand-dot" cx="5" cy="16" r="2.4" />
          </svg>
          <span>{t('app.name')}</span>
        </Link>
        <Navigation />
      </header>
      <LinkBanner />
      <main id="main" class="main" tabIndex={-1} ref={main}>
        {children}
      </main>
      <Footer />
      <NoticeList />
    </>
  )
}
