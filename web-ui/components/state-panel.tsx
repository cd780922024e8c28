import type { ComponentChildren } from 'preact'
import { t } from '../i18n.ts'
import type { ApiProblem } from '../state/ports.ts'
import { Icon, type IconName } from './icon.tsx'

/** A page, or a part of one, that has nothing to list: why, and what to do. */
export const StatePanel = (props: {
  readonly icon: IconName
  readonly title: string
  readonly text: string
  readonly children?: ComponentChildren
}) => (
  <section class="panel">
    <span class="panel-icon">
      <Icon name={props.icon} />
    </span>
    <h2>{props.title}</h2>
    <p>{props.text}</p>
    {props.children}
  </section>
)

export const ProblemPanel = ({ problem, onRetry }: { readonly problem: ApiProblem; readonly onRetry: () => void }) => (
  <StatePanel icon="warning" title={problem.title === '' ? t('problem.load') : problem.title} text={problem.detail}>
    <button type="button" class="button" onClick={onRetry}>
      {t('action.retry')}
    </button>
  </StatePanel>
)

/** Rows that stand for what is being loaded. */
export const Skeleton = ({ label, rows }: { readonly label: string; readonly rows: number }) => (
  <div class="skeleton" role="status" aria-label={label}>
    {Array.from({ length: rows }, (_, index) => (
      <div key={index} class="skeleton-row" />
    ))}
  </div>
)
