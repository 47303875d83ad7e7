"""What the sign-in host answers, endpoint by endpoint."""
