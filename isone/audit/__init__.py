"""What is stored, checked again: verify, recheck, reconcile."""
