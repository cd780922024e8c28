/** How much of a programme is over; the words stand beside it. */
export const Progress = ({ share, label }: { readonly share: number; readonly label: string }) => (
  <div class="progress" role="img" aria-label={label}>
    <div class="progress-done" style={{ transform: `scaleX(${share.toFixed(4)})` }} />
  </div>
)
