"""Bills and payments as institutions' own systems call for them: people are named here, money is below."""
