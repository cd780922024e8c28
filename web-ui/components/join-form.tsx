import { useId, useState } from 'preact/hooks'
import { t } from '../i18n.ts'
import { usePage } from '../page-context.ts'

/** Takes a join link. The relay says what is wrong with one; only an obviously foreign text is stopped here. */
export function JoinForm({ label }: { readonly label: string }) {
  const { actions } = usePage()
  const [link, setLink] = useState('')
  const [hinted, setHinted] = useState(false)
  const id = useId()
  const joining = actions.joining.value
  const words = hinted ? t('join.hint') : joining.kind === 'refused' ? joining.problem.detail : undefined
  const submit = (event: Event): void => {
    event.preventDefault()
    const foreign = !link.trim().startsWith('tributary:')
    setHinted(foreign)
    if (foreign) return
    actions
      .join(link)
      .then((joined) => {
        if (joined) setLink('')
      })
      .catch(() => {})
  }
  return (
    <form class="join" onSubmit={submit} noValidate>
      <label for={id}>{label}</label>
      <div class="join-line">
        <input
          id={id}
          type="text"
          inputMode="url"
          autoComplete="off"
          autoCapitalize="off"
          spellcheck={false}
          placeholder={t('join.placeholder')}
          value={link}
          aria-invalid={words !== undefined}
          aria-describedby={words === undefined ? undefined : `${id}-words`}
          onInput={(event) => {
            setLink(event.currentTarget.value)
            setHinted(false)
          }}
        />
        <button type="submit" class="button button-main" aria-disabled={joining.kind === 'sending'}>
          {joining.kind === 'sending' ? t('join.sending') : t('join.submit')}
        </button>
      </div>
      <p class="join-words" id={`${id}-words`} role="alert">
        {words}
      </p>
    </form>
  )
}

/** The first thing a new relay shows. */
export const Welcome = () => (
  <section class="welcome">
    <h1>{t('welcome.title')}</h1>
    <p class="welcome-text">{t('welcome.text')}</p>
    <JoinForm label={t('join.label')} />
    <ol class="welcome-steps">
      <li>{t('welcome.step1')}</li>
      <li>{t('welcome.step2')}</li>
      <li>{t('welcome.step3')}</li>
    </ol>
  </section>
)
