/** What signals needs and Chrome 63 to 70 lack. Imported first. */
if (typeof window.queueMicrotask !== 'function') {
  window.queueMicrotask = (run) => {
    Promise.resolve()
      .then(run)
      .catch((error: unknown) => {
        // as with the real one, an error is the page's
        setTimeout(() => {
          throw error
        }, 0)
      })
  }
}
