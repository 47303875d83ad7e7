"""What runs inside Airflow: signing people in with Entra ID, giving them their roles, and ending their sessions."""
