// Before the first paint: the theme chosen on this device. No choice: the system's.
try {
  const theme = localStorage.getItem("nappage.theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* storage is closed: the system's theme holds */ }
