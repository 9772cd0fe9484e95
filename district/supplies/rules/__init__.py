"""What holds for declarations of sites, supplies, offers, commitments and draws. Pure."""
